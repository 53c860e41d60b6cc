/* After the provider was closed, no writable memory of the process holds the token that it was opened with, nor what a
 * tunnel's secret was in an answer. The server is another process; the secrets stand nowhere but where they are looked
 * for, because this program only ever has them disguised. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/run.h"
#include "base/strbuf.h"
#include "providers/open.h"

#define DISGUISE 0x55
#define SECRET_BYTES 40
#define WINDOW_BYTES ((size_t)1 << 20)
#define ACCOUNT "0123456789abcdef0123456789abcdef"
#define TUNNEL "11111111-2222-3333-4444-555555555555"

/** Each secret is its letter, counted up: bytes that nothing else has. */
static void disguised(char first, char out[SECRET_BYTES])
{
	for (int i = 0; i < SECRET_BYTES; i++)
		out[i] = (char)(('A' + (first * 7 + i * 11) % 26) ^ DISGUISE);
}

static void add_secret(struct strbuf *out, char first)
{
	char secret[SECRET_BYTES];

	disguised(first, secret);
	for (int i = 0; i < SECRET_BYTES; i++)
		strbuf_addc(out, (char)(secret[i] ^ DISGUISE));
}

/** Answer @p count requests on one connection with a tunnel that has both secrets in it, as the API does. */
static void serve(int listener, int count)
{
	int connection = accept(listener, NULL, NULL);
	struct strbuf body, answer;

	strbuf_init(&body, 0);
	strbuf_init(&answer, 0);
	strbuf_adds(&body, "{\"success\":true,\"errors\":[],\"messages\":[],\"result\":{\"id\":\"" TUNNEL "\",\"name\":\"shop\",\"token\":\"");
	add_secret(&body, 't');
	strbuf_adds(&body, "\",\"credentials_file\":{\"TunnelSecret\":\"");
	add_secret(&body, 's');
	strbuf_adds(&body, "\"}}}");
	strbuf_addf(&answer, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s", body.size,
		    strbuf_text(&body));
	for (int i = 0; i < count; i++) {
		char request[8192];
		size_t used = 0;

		while (!memmem(request, used, "\r\n\r\n", 4)) {
			ssize_t got = read(connection, request + used, sizeof(request) - used);

			if (got <= 0)
				_exit(1);
			used += (size_t)got;
		}
		if (write(connection, answer.data, answer.size) != (ssize_t)answer.size)
			_exit(1);
	}
	_exit(0);
}

static pid_t start_server(int count, unsigned *ret_port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	pid_t pid;

	assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	pid = fork();
	if (!pid)
		serve(listener, count);
	close(listener);
	*ret_port = ntohs(address.sin_port);
	return pid;
}

static size_t count_in(const char *bytes, size_t size, const char *secret)
{
	size_t found = 0;

	for (size_t at = 0; at + SECRET_BYTES <= size; at++) {
		size_t same = 0;

		while (same < SECRET_BYTES && (char)(bytes[at + same] ^ DISGUISE) == secret[same])
			same++;
		found += same == SECRET_BYTES;
	}
	return found;
}

/** How often the secret stands between two addresses. A piece is looked at in @p window, as the place itself may change
 * meanwhile; pieces overlap, as a secret may lie across their border. */
static size_t count_between(int memory, unsigned long from, unsigned long to, const char *secret, char *window)
{
	size_t total = 0;

	for (unsigned long at = from; at < to; at += WINDOW_BYTES - SECRET_BYTES + 1) {
		size_t size = to - at < WINDOW_BYTES ? to - at : WINDOW_BYTES;
		ssize_t got = pread(memory, window, size, (off_t)at);

		if (got > 0)
			total += count_in(window, (size_t)got, secret);
	}
	return total;
}

/** How often the secret stands in writable memory, the stack included; each place is named on standard error. It takes
 * nothing from the heap but the buffer of that list: what is looked for may lie in what was freed, where the next to ask
 * would write over it. */
static size_t count_everywhere(char first)
{
	/* Shared: never one mapping with its neighbours, so that it can be left out by its address. */
	char *window = mmap(NULL, WINDOW_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	FILE *maps = fopen("/proc/self/maps", "r");
	int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	char secret[SECRET_BYTES], line[512];
	size_t total = 0;

	assert_ptr_not_equal(window, MAP_FAILED);
	assert_non_null(maps);
	assert_true(memory >= 0);
	disguised(first, secret);
	while (fgets(line, sizeof(line), maps)) {
		unsigned long from, to;
		char mode[5];
		size_t found;

		assert_int_equal(sscanf(line, "%lx-%lx %4s", &from, &to, mode), 3);
		if (mode[1] != 'w' || to - from > 256ul << 20 || from == (unsigned long)(uintptr_t)window)
			continue;
		found = count_between(memory, from, to, secret, window);
		if (found)
			fprintf(stderr, "%zu in %s", found, line);
		total += found;
	}
	fclose(maps);
	close(memory);
	munmap(window, WINDOW_BYTES);
	return total;
}

static struct call read_tunnel(struct run *run)
{
	return (struct call){.kind = CALL_TUNNEL_GET, .arena = run->arena, .tunnel_id = TUNNEL};
}

static void test_nothing_stays(void **state)
{
	struct provider_config config = {.account = "main", .account_id = ACCOUNT};
	struct provider *provider = NULL;
	struct strbuf token;
	struct run run;
	unsigned port;
	char url[64];
	pid_t server = start_server(3, &port);

	(void)state;
	assert_int_equal(run_init(&run), RC_OK);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/base", port);
	strbuf_init(&token, 0);
	add_secret(&token, 'p');
	config.url = url;
	config.token = strbuf_text(&token);
	assert_int_equal(provider_open(&run, &config, &provider), RC_OK);
	strbuf_wipe(&token);
	for (int i = 0; i < 3; i++) {
		struct call call = read_tunnel(&run);

		assert_int_equal(provider_do(provider, &call), RC_OK);
	}
	/* The eyes see: as long as it is needed, it is there. */
	assert_true(count_everywhere('p') > 0);
	provider->vt->close(provider);
	run_done(&run);
	waitpid(server, NULL, 0);
	assert_int_equal(count_everywhere('p'), 0);
	assert_int_equal(count_everywhere('t'), 0);
	assert_int_equal(count_everywhere('s'), 0);
}

/* What was not wiped is found, though it is free. */
static void test_what_is_only_freed_is_found(void **state)
{
	struct strbuf careless;
	char *copy;

	(void)state;
	strbuf_init(&careless, 0);
	for (int i = 0; i < 100; i++)
		add_secret(&careless, 'c');
	copy = malloc(careless.size + 1);
	assert_non_null(copy);
	memcpy(copy, careless.data, careless.size + 1);
	strbuf_wipe(&careless);
	free(copy);
	assert_true(count_everywhere('c') > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_stays),
		cmocka_unit_test(test_what_is_only_freed_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
