/** @file What PostgreSQL's failures mean. Passwords are in none of libpq's messages about statements; what it says
 * about connections names host, user and database alone. */
#include "state/postgres.h"

#include <string.h>

#include "base/str.h"

#define NOWHERE ((struct span){ 0 })

/** What a class of SQLSTATE codes, or one of them, means. The longest prefix counts. */
static const struct meaning {
	const char *state;
	enum rc rc;
	const char *code, *help;
} meanings[] = {
	{ "08", RC_IO, "A0521", NULL },
	{ "57P", RC_IO, "A0521", NULL },
	{ "28", RC_DENIED, "A0522", NULL },
	{ "42501", RC_DENIED, "A0522", NULL },
	{ "53", RC_IO, "A0509", "Make room on the server, then run the command again." },
	{ "25P03", RC_IO, "A0521", NULL },
	{ "25006", RC_IO, "A0509", "A replica, perhaps: name the primary, or all hosts with target_session_attrs=read-write." },
	{ "54", RC_LIMIT, "A0516", NULL },
	{ "22", RC_INTERNAL, "A0516", NULL },
	{ "23", RC_INTERNAL, "A0516", NULL },
};

static const struct meaning *find_meaning(const char *state)
{
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (str_has_prefix(state, meanings[i].state))
			return &meanings[i];
	return NULL;
}

/** The first line of @p text, printable. */
static const char *first_line(struct postgres_store *s, const char *text)
{
	const char *line = str_printable(s->sql.run->arena, text, strcspn(text, "\n"), false);

	return str_or_empty(line);
}

static enum rc fault_lost(struct postgres_store *s, const char *words)
{
	struct diags *diags = &s->sql.run->diags;
	struct diag *diag;

	if (s->sql.is_quiet || s->is_lost_told)
		return RC_IO;
	s->is_lost_told = true;
	diag = diag_add(diags, SEVERITY_ERROR, "A0521", NOWHERE, "the connection to the state %s was lost%s: %s",
			s->sql.base.location,
			s->is_committing ? " in a commit, and whether that was recorded is not known" : "", words);
	diag_help(diags, diag, "What was being written is either there whole or not at all. Run the command again when the "
			       "database is back: it reads what is live before it does anything.");
	return RC_IO;
}

static enum rc fault_denied(struct postgres_store *s, const char *words)
{
	struct diags *diags = &s->sql.run->diags;
	struct diag *diag;

	if (s->sql.is_quiet)
		return RC_DENIED;
	diag = diag_add(diags, SEVERITY_ERROR, "A0522", NOWHERE, "the state %s denies it: %s", s->sql.base.location, words);
	diag_help(diags, diag, "The user needs CREATE on the database once, so that adit can make its schema, and SELECT, "
			       "INSERT, UPDATE and DELETE on the tables of the schema adit.");
	return RC_DENIED;
}

static enum rc fault_other(struct postgres_store *s, const struct meaning *meaning, const char *words)
{
	struct diags *diags = &s->sql.run->diags;
	struct diag *diag;

	if (s->sql.is_quiet)
		return meaning ? meaning->rc : RC_IO;
	diag = diag_add(diags, SEVERITY_ERROR, meaning ? meaning->code : "A0509", NOWHERE,
			"the state %s cannot be read or written: %s", s->sql.base.location, words);
	if (meaning && meaning->help)
		diag_help(diags, diag, "%s", meaning->help);
	return meaning ? meaning->rc : RC_IO;
}

enum rc postgres_fault(struct postgres_store *s, const PGresult *result)
{
	const char *state = str_or_empty(result ? libpq->resultErrorField(result, PG_DIAG_SQLSTATE) : NULL);
	const char *words = result ? libpq->resultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
	const struct meaning *meaning = find_meaning(state);

	words = s->is_silent ? "the server does not answer" : first_line(s, words ? words : libpq->errorMessage(s->connection));
	if (postgres_is_lost(s) || (meaning && str_eq(meaning->code, "A0521")))
		return fault_lost(s, words);
	postgres_drain(s);
	if (libpq->transactionStatus(s->connection) == PQTRANS_INERROR)
		libpq->clear(postgres_exchange(s, "ROLLBACK"));
	/* lock_not_available, serialization_failure, deadlock_detected, query_canceled by statement_timeout */
	if (str_eq(state, "55P03") || str_has_prefix(state, "40") || str_eq(state, "57014"))
		return sql_fault_busy(&s->sql);
	if (meaning && str_eq(meaning->code, "A0522"))
		return fault_denied(s, words);
	/* undefined tables, columns, functions; invalid schema name */
	if (str_has_prefix(state, "42") || str_has_prefix(state, "3F"))
		return sql_fault_damaged(&s->sql, "its tables are not those that adit makes");
	return fault_other(s, meaning, words);
}

enum rc postgres_fault_connect(struct postgres_store *s)
{
	struct diags *diags = &s->sql.run->diags;
	struct diag *diag;

	if (s->sql.is_quiet)
		return RC_IO;
	diag = diag_add(diags, SEVERITY_ERROR, "A0520", NOWHERE, "cannot connect to the state %s: %s", s->sql.base.location,
			first_line(s, libpq->errorMessage(s->connection)));
	diag_help(diags, diag, "Is the database running and reachable from here? The password comes from PGPASSWORD or a "
			       "password file; TLS from libpq's options, such as ?sslmode=verify-full.");
	return RC_IO;
}
