/** @file
 * Putting the WHERE of a list together from the filters of a call. Values always travel as binds. */
#ifndef ADIT_SERVER_SIMULATOR_QUERY_H
#define ADIT_SERVER_SIMULATOR_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "server/simulator/call.h"
#include "server/simulator/limits.h"
#include "server/simulator/store.h"

#define QUERY_BINDS (SIMULATOR_PARAMS * 5 + 16)

/** Conditions, nested at most three deep. */
struct query {
	struct strbuf where;
	struct bind binds[QUERY_BINDS];
	size_t bind_count;
	size_t condition_count;
	struct {
		const char *joiner;
		bool has_items;
	} groups[3];
	size_t depth;
	bool failed;
};

/** Begin; conditions at the outermost level are joined by AND. */
void query_init(struct query *query);
void query_done(struct query *query);
#define QUERY_CLEANUP __attribute__((cleanup(query_done)))

/** Open parentheses; what follows is joined by OR when @p any, else by AND. An empty group is true. */
void query_open(struct query *query, bool any);
void query_close(struct query *query);
/** Add a condition. @param fragment SQL with one "?" per bind, in order */
void query_add(struct query *query, const char *fragment, const struct bind *binds, size_t count);

enum query_match { QUERY_EQUAL, QUERY_NOT_EQUAL, QUERY_STARTS, QUERY_ENDS, QUERY_CONTAINS };
/** Add a comparison of a text column. @param fold ASCII letters count as equal in both cases */
void query_add_text(struct query *query, enum query_match match, const char *column, const char *value,
		    bool fold);

/** Rows that fit. @param from "FROM …" */
enum rc query_count(struct call *call, const struct query *query, const char *from,
		    int64_t *ret_count) MUST_CHECK;
/** One page of them. @param order "ORDER BY …"; must name a total order */
enum rc query_page(struct call *call, struct query *query, const char *columns, const char *from,
		   const char *order, const struct paging *paging, struct cursor *ret_cursor) MUST_CHECK;

#endif
