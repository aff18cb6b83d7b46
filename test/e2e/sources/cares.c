/* ares_getaddrinfo for both families, an address on each line. */
#include <ares.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/select.h>

static int failed;

static void done(void *arg, int status, int timeouts, struct ares_addrinfo *result)
{
	struct ares_addrinfo_node *node;

	if (status != ARES_SUCCESS) {
		printf("%s\n", ares_strerror(status));
		failed = 1;
		return;
	}
	for (node = result->nodes; node != NULL; node = node->ai_next) {
		char text[64] = "";

		if (node->ai_family == AF_INET)
			inet_ntop(AF_INET, &((struct sockaddr_in *)node->ai_addr)->sin_addr, text, sizeof text);
		else
			inet_ntop(AF_INET6, &((struct sockaddr_in6 *)node->ai_addr)->sin6_addr, text, sizeof text);
		printf("%s\n", text);
	}
	ares_freeaddrinfo(result);
}

int main(int argc, char **argv)
{
	ares_channel channel;
	struct ares_addrinfo_hints hints = {0};

	hints.ai_family = AF_UNSPEC;
	hints.ai_socktype = SOCK_STREAM;
	if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS || ares_init(&channel) != ARES_SUCCESS)
		return 2;
	ares_getaddrinfo(channel, argv[1], NULL, &hints, done, NULL);
	for (;;) {
		fd_set readers, writers;
		struct timeval limit;
		int count;

		FD_ZERO(&readers);
		FD_ZERO(&writers);
		count = ares_fds(channel, &readers, &writers);
		if (count == 0)
			break;
		select(count, &readers, &writers, NULL, ares_timeout(channel, NULL, &limit));
		ares_process(channel, &readers, &writers);
	}
	ares_destroy(channel);
	return failed;
}
