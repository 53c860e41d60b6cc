/** @file Opening the PostgreSQL store: where it is, for messages without its password, and how long to wait for it. */
#include "state/postgres.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"

#define NOWHERE ((struct span){ 0 })

/** Nothing waits for ever: not for a lock, not for a statement; and a process that was stopped within a transaction
 * loses it, so that others can go on. */
#define SETTINGS \
	"SET search_path = adit; SET client_encoding = 'UTF8'; SET client_min_messages = error;" \
	"SET lock_timeout = '15s'; SET statement_timeout = '120s'; SET idle_in_transaction_session_timeout = '60s';" \
	"SET synchronous_commit = on"

static void ignore_notice(void *context, const PGresult *result)
{
	(void)context;
	(void)result;
}

static const char *option(const PQconninfoOption *options, const char *name)
{
	for (; options->keyword; options++)
		if (str_eq(options->keyword, name))
			return options->val;
	return NULL;
}

static enum rc fault_url(struct run *run, bool is_quiet)
{
	struct diag *diag;

	if (is_quiet)
		return RC_INVALID;
	/* Not shown: it may hold a password. */
	diag = diag_add(&run->diags, SEVERITY_ERROR, "A0523", NOWHERE, "the state's postgres:// URL cannot be read");
	diag_help(&run->diags, diag, "Write postgres://USER@HOST/DATABASE; the password comes from PGPASSWORD or a password file.");
	return RC_INVALID;
}

/** "postgres://user@host:port/database", without password and options. */
static enum rc find_location(struct postgres_store *s, const char *url, bool is_quiet)
{
	PQconninfoOption *options = PQconninfoParse(url, NULL);
	struct strbuf text;
	const char *part;

	if (!options)
		return fault_url(s->sql.run, is_quiet);
	strbuf_init(&text, 0);
	strbuf_adds(&text, "postgres://");
	part = option(options, "user");
	if (!str_is_empty(part))
		strbuf_addf(&text, "%s@", part);
	strbuf_adds(&text, str_or_empty(option(options, "host")));
	part = option(options, "port");
	if (!str_is_empty(part))
		strbuf_addf(&text, ":%s", part);
	strbuf_addf(&text, "/%s", str_or_empty(option(options, "dbname")));
	s->sql.base.location = strbuf_failed(&text) ? NULL : arena_strdup(s->sql.run->arena, strbuf_text(&text));
	strbuf_done(&text);
	PQconninfoFree(options);
	return s->sql.base.location ? RC_OK : RC_NOMEM;
}

/** What the URL says comes last and wins. */
static enum rc connect_to(struct postgres_store *s, const char *url)
{
	static const char *const names[] = {"connect_timeout", "keepalives_idle", "keepalives_interval", "keepalives_count",
					    "tcp_user_timeout", "application_name", "dbname", NULL};
	const char *const values[] = {"10", "15", "5", "3", "30000", "adit", url, NULL};

	s->connection = PQconnectdbParams(names, values, 1);
	if (!s->connection)
		return RC_NOMEM;
	if (PQstatus(s->connection) != CONNECTION_OK)
		return postgres_fault_connect(s);
	PQsetNoticeReceiver(s->connection, ignore_notice, NULL);
	return postgres_run_text(s, SETTINGS, NULL);
}

enum rc postgres_store_open(struct run *run, const char *url, const struct store_options *options, struct store **ret_store)
{
	struct postgres_store *s = calloc(1, sizeof(*s));
	bool any = false;
	enum rc rc;

	if (!s)
		return RC_NOMEM;
	s->sql.is_empty = true;
	rc = sql_store_init(&s->sql, run, &postgres_driver, options);
	if (!rc)
		rc = find_location(s, url, options->budget_only);
	if (!rc)
		rc = connect_to(s, url);
	if (!rc)
		rc = postgres_schema_check(s, &any);
	if (!rc)
		rc = postgres_read_clock(s);
	if (rc) {
		postgres_driver.close(&s->sql);
		return rc;
	}
	s->sql.is_empty = !any;
	*ret_store = &s->sql.base;
	return RC_OK;
}
