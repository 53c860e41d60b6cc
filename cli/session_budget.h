/** @file
 * The budget of API calls of one account: a share of what the API allows, taken by all processes whose projects have
 * one store. Without a store, or with one that cannot be shared so, the process keeps to the share by itself. */
#ifndef ADIT_CLI_SESSION_BUDGET_H
#define ADIT_CLI_SESSION_BUDGET_H

#include "cli/session.h"

struct budget;

/** Take the first calls of an account whose id is known, before its provider is there: by the time that this takes, a small
 * plan is not longer when libcurl is loaded meanwhile. A budget that has none left is asked again later.
 * @param ret_budget  as budget_attach() */
enum rc budget_ahead(struct session *session, const struct account *account, struct budget **ret_budget) MUST_CHECK;

/** Make @p provider take its calls from the project's budget.
 * @param budget  what budget_ahead() made, or NULL; then the one that was made: owned, close with budget_close() after the
 *                provider */
enum rc budget_attach(struct session *session, struct provider *provider, struct budget **budget) MUST_CHECK;

/** Close what was opened for it. NULL is fine. */
void budget_close(struct budget *budget);

#endif
