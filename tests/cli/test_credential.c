/* Where a token may come from, and what is refused as one. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/run.h"
#include "base/str.h"
#include "cli/credential.h"

struct fixture {
	struct run run;
	struct credentials credentials;
	char folder[64];
	char home[64];
	struct strbuf token;
};

static int set_up(void **state)
{
	static struct fixture f;

	memset(&f, 0, sizeof(f));
	strcpy(f.folder, "/tmp/adit-credential-XXXXXX");
	strcpy(f.home, "/tmp/adit-credential-XXXXXX");
	if (run_init(&f.run) || !mkdtemp(f.folder) || !mkdtemp(f.home))
		return -1;
	setenv("HOME", f.home, 1);
	unsetenv("CNAP_API_TOKEN");
	unsetenv("CLOUDFLARE_API_TOKEN");
	unsetenv("TEST_TOKEN");
	*state = &f;
	return 0;
}

static void remove_file(const char *folder, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	(void)remove(path);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	strbuf_wipe(&f->token);
	credentials_done(&f->credentials);
	run_done(&f->run);
	remove_file(f->folder, "token");
	remove_file(f->home, ".cnap/config.yaml");
	remove_file(f->home, ".cnap");
	rmdir(f->folder);
	return rmdir(f->home);
}

static void write_file(const char *folder, const char *name, const char *text, mode_t mode)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fchmod(fileno(file), mode), 0);
	fclose(file);
}

static void expect_token(struct fixture *f, const struct account *account, const char *expected)
{
	strbuf_wipe(&f->token);
	assert_int_equal(credential_read(&f->run, &f->credentials, account, f->folder, &f->token), RC_OK);
	assert_string_equal(strbuf_text(&f->token), expected);
	assert_int_equal(f->run.diags.count, 0);
}

static void expect_denied(struct fixture *f, const struct account *account, const char *code)
{
	diags_init(&f->run.diags, f->run.arena);
	assert_int_equal(credential_read(&f->run, &f->credentials, account, f->folder, &f->token), RC_DENIED);
	assert_int_equal(f->run.diags.count, 1);
	assert_string_equal(f->run.diags.items[0].code, code);
	assert_null(strstr(f->run.diags.items[0].summary, "secret"));
}

static void test_variable(void **state)
{
	struct fixture *f = *state;
	struct account account = { .name = "main", .url = "cnap", .token_env = "TEST_TOKEN" };

	expect_denied(f, &account, "A0820");
	setenv("TEST_TOKEN", "secret-1\n", 1);
	diags_init(&f->run.diags, f->run.arena);
	expect_token(f, &account, "secret-1");
	assert_string_equal(getenv("TEST_TOKEN"), "");
	/* Another account may name the same variable. */
	expect_token(f, &account, "secret-1");
	credentials_done(&f->credentials);
	expect_denied(f, &account, "A0820");
}

static void test_file(void **state)
{
	static const mode_t open_modes[] = { 0640, 0604, 0660, 0620, 0601 };
	struct fixture *f = *state;
	struct account account = { .name = "main", .url = "cnap", .token_file = "token" };
	char *large = arena_alloc(f->run.arena, 20000);

	expect_denied(f, &account, "A0821");
	write_file(f->folder, "token", "secret-file\n", 0600);
	diags_init(&f->run.diags, f->run.arena);
	expect_token(f, &account, "secret-file");
	for (size_t i = 0; i < sizeof(open_modes) / sizeof(open_modes[0]); i++) {
		write_file(f->folder, "token", "secret-file\n", open_modes[i]);
		expect_denied(f, &account, "A0821");
	}
	memset(large, 'x', 19999);
	write_file(f->folder, "token", large, 0600);
	expect_denied(f, &account, "A0821");
	remove_file(f->folder, "token");
	account.token_file = "/dev/null";
	expect_denied(f, &account, "A0821");
}

struct command_case {
	const char *script, *token, *code;
};

static void test_command(void **state)
{
	static const struct command_case cases[] = {
		{ "echo secret-c", "secret-c", NULL },
		{ "basename \"$PWD\"", "", NULL },
		{ "printf secret-x; exit 3", NULL, "A0822" },
		{ "kill -9 $$", NULL, "A0822" },
		{ "printf 'secret-t \\r\\n\\n'", "secret-t", NULL },
		{ "while :; do echo secretsecretsecretsecretsecretsecret; done", NULL, "A0822" },
		/* There is nothing to read, and ignored signals are not handed on. */
		{ "cat; for s in PIPE XFSZ; do sh -c \"kill -$s \\$\\$; echo alive\"; done; echo secret-s", "secret-s", NULL },
	};
	struct fixture *f = *state;

	/* As main() does. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *argv[] = { "sh", "-c", cases[i].script };
		struct account account = { .name = "main", .url = "cnap", .token_command = argv, .token_command_count = 3 };

		if (cases[i].code)
			expect_denied(f, &account, cases[i].code);
		else
			expect_token(f, &account, *cases[i].token ? cases[i].token : strrchr(f->folder, '/') + 1);
		diags_init(&f->run.diags, f->run.arena);
	}
}

static void test_command_not_found(void **state)
{
	struct fixture *f = *state;
	const char *argv[] = { "adit-no-such-program" };
	struct account account = { .name = "main", .url = "cnap", .token_command = argv, .token_command_count = 1 };

	expect_denied(f, &account, "A0822");
}

/** A command that never ends is stopped by an interrupt. */
static void test_command_interrupted(void **state)
{
	struct fixture *f = *state;
	volatile int interrupted = 1;
	const char *argv[] = { "sleep", "1000" };
	struct account account = { .name = "main", .url = "cnap", .token_command = argv, .token_command_count = 2 };

	f->run.interrupted = &interrupted;
	assert_int_equal(credential_read(&f->run, &f->credentials, &account, f->folder, &f->token), RC_CANCELLED);
	f->run.interrupted = NULL;
}

static void test_cnap_convention(void **state)
{
	struct fixture *f = *state;
	struct account account = { .name = "main", .url = "cnap" };
	char folder[128];

	expect_denied(f, &account, "A0823");
	diags_init(&f->run.diags, f->run.arena);
	snprintf(folder, sizeof(folder), "%s/.cnap", f->home);
	assert_int_equal(mkdir(folder, 0700), 0);
	write_file(f->home, ".cnap/config.yaml", "api_url: https://api.cnap.tech\nauth:\n  token: cnap_pat_1\n", 0600);
	expect_token(f, &account, "cnap_pat_1");
	setenv("CNAP_API_TOKEN", "cnap_pat_2", 1);
	expect_token(f, &account, "cnap_pat_2");
	account.url = "https://dash.cnap.tech/api/cloudflare";
	expect_token(f, &account, "cnap_pat_2");
}

/** CNAP's token goes to CNAP only, Cloudflare's to Cloudflare only, and neither to anybody else. */
static void test_token_stays_with_its_origin(void **state)
{
	static const char *const others[] = { "https://example.com/client/v4", "http://127.0.0.1:80/client/v4",
					      "https://api.cloudflare.com.evil.example/client/v4",
					      "https://dash.cnap.tech.evil.example/api/cloudflare" };
	struct fixture *f = *state;
	struct account account = { .name = "main", .url = "https://api.cloudflare.com/client/v4" };

	setenv("CNAP_API_TOKEN", "for-cnap", 1);
	expect_denied(f, &account, "A0823");
	diags_init(&f->run.diags, f->run.arena);
	setenv("CLOUDFLARE_API_TOKEN", "for-cloudflare", 1);
	expect_token(f, &account, "for-cloudflare");
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		account.url = others[i];
		expect_denied(f, &account, "A0823");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_variable, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_command, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_command_not_found, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_command_interrupted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_cnap_convention, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_token_stays_with_its_origin, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
