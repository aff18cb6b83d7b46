# Python's socket.getaddrinfo: an address on each line.
import socket
import sys

try:
    found = socket.getaddrinfo(sys.argv[1], None, type=socket.SOCK_STREAM)
except (OSError, UnicodeError) as error:
    print(error)
    sys.exit(1)
for entry in found:
    print(entry[4][0])
