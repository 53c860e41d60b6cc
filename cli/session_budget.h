/** @file
 * The budget of API calls of one account: a share of what the API allows, taken by all processes whose projects have
 * one store. Without a store, or with one that cannot be shared so, the process keeps to the share by itself. */
#ifndef ADIT_CLI_SESSION_BUDGET_H
#define ADIT_CLI_SESSION_BUDGET_H

#include "cli/session.h"

struct budget;

/** Make @p provider take its calls from the project's budget.
 * @param ret_budget  owned, close with budget_close() after the provider */
enum rc budget_attach(struct session *session, struct provider *provider, struct budget **ret_budget) MUST_CHECK;

/** Close what was opened for it. NULL is fine. */
void budget_close(struct budget *budget);

#endif
