/** @file
 * A row of the resources as it stands in the database. For the files of state/ that read and write them. */
#ifndef ADIT_STATE_SQL_ROW_H
#define ADIT_STATE_SQL_ROW_H

#include "state/sql.h"

/** Columns of text, in the order of the statements. */
enum column {
	COLUMN_KIND, COLUMN_ADDRESS, COLUMN_ID, COLUMN_TUNNEL, COLUMN_OBJECT, COLUMN_ACCOUNT_ID, COLUMN_ZONE_ID,
	COLUMN_PRIOR_COMMENT, COLUMN_FIELDS, COLUMN_COUNT,
	COLUMN_PROTECTED = COLUMN_COUNT, COLUMN_RETIRED, COLUMN_FINGERPRINT, COLUMN_PRECEDENCE, COLUMN_ALL,
};

struct row {
	const char *texts[COLUMN_COUNT];
	size_t sizes[COLUMN_COUNT];    /**< once it was printed; 0 for NULL */
	bool is_protected;
	int64_t retired_ms;
	const char *fingerprint, *precedence;
};

/** @param ret_row  its texts live until the next row */
enum rc row_read(struct sql_rows *rows, struct row *ret_row) MUST_CHECK;
/** What the fingerprint is of: NULL and "" differ, and no text can pass for the end of one and the start of the next. */
void row_print(struct strbuf *all, struct row *row);
/** Check that a row is of this kind and as it was written.
 * @param all  for its bytes; the same for each row
 * @return RC_OK; RC_CORRUPT it is not, which is said; RC_NOMEM */
enum rc row_check(struct sql_store *s, struct strbuf *all, enum resource_kind kind, struct row *row) MUST_CHECK;
/** Say that a row is damaged. */
enum rc row_fault(struct sql_store *s, const struct row *row);

#endif
