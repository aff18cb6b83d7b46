/* getaddrinfo, and with a second argument the name of each address: the lines that busybox 1.28's nslookup printed. */
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
	struct addrinfo hints = {0}, *list, *each;
	int code, number = 0;

	hints.ai_socktype = SOCK_STREAM;
	code = getaddrinfo(argv[1], NULL, &hints, &list);
	if (code != 0) {
		printf("can't resolve '%s': %s\n", argv[1], gai_strerror(code));
		return 1;
	}
	for (each = list; each != NULL; each = each->ai_next) {
		char address[64], name[256] = "";

		getnameinfo(each->ai_addr, each->ai_addrlen, address, sizeof address, NULL, 0, NI_NUMERICHOST);
		if (argc > 2)
			getnameinfo(each->ai_addr, each->ai_addrlen, name, sizeof name, NULL, 0, NI_NAMEREQD);
		printf("Address %d: %s %s\n", ++number, address, name);
	}
	return 0;
}
