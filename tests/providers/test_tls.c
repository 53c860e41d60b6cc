/* TLS and HTTP/2: nghttpx with a certificate of our own stands before the scripted server. Skipped without nghttpx. */
#include "tests/providers/providing.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"

#define SKIPPED 77
#define PORTS_TRIED 20
#define ARGUMENTS_MAX 24
#define TUNNEL_OK "{\"success\":true,\"result\":{\"id\":\"" TUNNEL "\",\"name\":\"shop\"}}"

/** Made once: a CA, and a certificate for "localhost" alone. */
static char folder[] = "/tmp/adit-test-tls-XXXXXX";

struct fronting {
	struct providing *test;
	pid_t nghttpx;
	unsigned port;
	char ca[64], log[64];
};

static void redirect_output(int fd)
{
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	close(fd);
}

/** Run a program in the folder. @param output  its standard output and error go there */
static pid_t spawn(const char *const *arguments, int output)
{
	char *copies[ARGUMENTS_MAX + 1] = {NULL};
	pid_t pid;

	for (size_t i = 0; i < ARGUMENTS_MAX && arguments[i]; i++)
		copies[i] = strdup(arguments[i]);
	pid = fork();
	if (!pid) {
		redirect_output(output);
		if (!chdir(folder))
			execvp(copies[0], copies);
		_exit(127);
	}
	for (size_t i = 0; copies[i]; i++)
		free(copies[i]);
	return pid;
}

/** @return the program's exit status; 127: there is no such program */
static int run(const char *const *arguments)
{
	FILE *sink = fopen("/dev/null", "w");
	int status = -1;
	pid_t pid = sink ? spawn(arguments, fileno(sink)) : -1;

	if (sink)
		fclose(sink);
	if (pid > 0)
		waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool make_certificates(void)
{
	static const char *const ca[] = {"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
					 "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=adit-test-ca",
					 "-keyout", "ca.key", "-out", "ca.pem", NULL};
	static const char *const leaf[] = {"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
					   "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost",
					   "-keyout", "key.pem", "-out", "cert.pem", "-CA", "ca.pem", "-CAkey", "ca.key",
					   "-addext", "subjectAltName=DNS:localhost", NULL};

	return mkdtemp(folder) && !run(ca) && !run(leaf);
}

static unsigned free_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	close(fd);
	return ntohs(address.sin_port);
}

/** Start nghttpx on that port. @return false when somebody was faster */
static bool start(struct fronting *front, const char *option)
{
	char frontend[64], backend[64], log[96];
	const char *arguments[] = {"nghttpx", "--conf=/dev/null", "--no-ocsp", "--workers=1", "--accesslog-format=$alpn $remote_port",
				   frontend, backend, log, option, "key.pem", "cert.pem", NULL};
	char line[1024];
	bool listens = false;
	int output[2];
	FILE *words;

	front->port = free_port();
	snprintf(frontend, sizeof(frontend), "--frontend=127.0.0.1,%u", front->port);
	snprintf(backend, sizeof(backend), "--backend=127.0.0.1,%u", script_server_port(front->test->server));
	snprintf(log, sizeof(log), "--accesslog-file=%s", front->log);
	assert_int_equal(pipe(output), 0);
	front->nghttpx = spawn(arguments, output[1]);
	close(output[1]);
	words = fdopen(output[0], "r");
	assert_true(front->nghttpx > 0 && words);
	/* Once it listens, the kernel keeps connections until its worker takes them. */
	while (!listens && fgets(line, sizeof(line), words))
		listens = strstr(line, "Listening on") != NULL;
	fclose(words);
	return listens;
}

static void stop(struct fronting *front)
{
	if (front->nghttpx <= 0)
		return;
	kill(front->nghttpx, SIGTERM);
	waitpid(front->nghttpx, NULL, 0);
	front->nghttpx = 0;
}

static int setup(void **state)
{
	struct fronting *front = calloc(1, sizeof(*front));
	void *test = NULL;

	if (!front || providing_setup(&test))
		return -1;
	front->test = test;
	front->test->run.clock.scale = 1;
	snprintf(front->ca, sizeof(front->ca), "%s/ca.pem", folder);
	snprintf(front->log, sizeof(front->log), "%s/access.log", folder);
	unlink(front->log);
	*state = front;
	return 0;
}

static int teardown(void **state)
{
	struct fronting *front = *state;
	void *test = front->test;

	stop(front);
	providing_teardown(&test);
	free(front);
	return 0;
}

/** nghttpx before the scripted server, and a provider that calls https://host:port. */
static void front_up(struct fronting *front, const char *host, const char *option, bool trusts_ca)
{
	struct providing *test = front->test;

	for (int i = 0; i < PORTS_TRIED && !start(front, option); i++)
		stop(front);
	snprintf(test->url, sizeof(test->url), "https://%s:%u/base", host, front->port);
	test->config.ca_file = trusts_ca ? front->ca : NULL;
	/* Loopback is never reached through a proxy, whatever the environment says. */
	setenv("HTTPS_PROXY", "http://127.0.0.1:1", 1);
	providing_open(test);
}

/** Eight calls at once; all succeed. @return what nghttpx logged */
static const char *make_calls(struct fronting *front)
{
	enum { CALLS = 8 };
	struct providing *test = front->test;
	struct call calls[CALLS];
	struct text *log;

	for (size_t i = 0; i < CALLS; i++) {
		calls[i] = providing_call(test, CALL_TUNNEL_GET);
		script_answer(test->server, NULL, 200, "", TUNNEL_OK);
		providing_submit(test, &calls[i]);
	}
	providing_collect(test, CALLS);
	for (size_t i = 0; i < CALLS; i++)
		if (calls[i].rc)
			fail_msg("%s: %s", rc_name(calls[i].rc), calls[i].message);
	stop(front);
	assert_int_equal(file_read(test->run.arena, &test->run.diags, front->log, 65536, &log), RC_OK);
	return arena_memdup(test->run.arena, log->bytes, log->size);
}

static void http2_is_used_over_one_connection(void **state)
{
	struct fronting *front = *state;
	const char *log, *line;
	size_t count = 0;

	front_up(front, "localhost", "--log-level=NOTICE", true);
	log = make_calls(front);
	for (line = log; *line; line += strcspn(line, "\n") + 1, count++) {
		assert_true(str_has_prefix(line, "h2 "));
		assert_memory_equal(line, log, strcspn(log, "\n"));
	}
	assert_int_equal(count, 8);
	assert_true(script_has_field(script_request(front->test->server, 0), "via: 2 nghttpx"));
}

static void http1_is_used_where_nothing_else_is_offered(void **state)
{
	struct fronting *front = *state;

	front_up(front, "localhost", "--npn-list=http/1.1", true);
	assert_true(str_has_prefix(make_calls(front), "http/1.1 "));
	assert_true(script_has_field(script_request(front->test->server, 0), "via: 1.1 nghttpx"));
}

/** The call fails at once, and nothing of it was sent. */
static void assert_refused(struct fronting *front, const char *words)
{
	struct providing *test = front->test;
	struct call call = providing_call(test, CALL_TUNNEL_CREATE);

	call.name = "shop";
	call.secret = SECRET;
	assert_int_equal(providing_do(test, &call), RC_UNAVAILABLE);
	assert_int_equal(call.attempts, 1);
	assert_contains(call.message, words);
	assert_int_equal(script_request_count(test->server), 0);
}

static void an_unknown_certificate_is_refused(void **state)
{
	front_up(*state, "localhost", "--log-level=NOTICE", false);
	assert_refused(*state, "certificate");
}

static void another_hosts_certificate_is_refused(void **state)
{
	front_up(*state, "127.0.0.1", "--log-level=NOTICE", true);
	assert_refused(*state, "127.0.0.1");
}

static void remove_folder(void)
{
	static const char *const names[] = {"ca.key", "ca.pem", "key.pem", "cert.pem", "access.log"};
	char path[96];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(http2_is_used_over_one_connection, setup, teardown),
		cmocka_unit_test_setup_teardown(http1_is_used_where_nothing_else_is_offered, setup, teardown),
		cmocka_unit_test_setup_teardown(an_unknown_certificate_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(another_hosts_certificate_is_refused, setup, teardown),
	};
	static const char *const version[] = {"nghttpx", "--version", NULL};
	int failed = SKIPPED;

	if (make_certificates() && !run(version))
		failed = cmocka_run_group_tests(tests, NULL, NULL);
	else
		fprintf(stderr, "skipped: nghttpx or openssl is not there\n");
	remove_folder();
	return failed;
}
