/** @file
 * Lists that come in pages: which page to ask for next, and when what was read counts. Pure functions of answers.
 * Internal to providers/.
 *
 * A list counts only when its distinct ids add up to the total that every page told; else it is read again. Where no
 * total is told, pages are read one after the other until one is short or empty. */
#ifndef ADIT_PROVIDERS_CLOUDFLARE_LIST_H
#define ADIT_PROVIDERS_CLOUDFLARE_LIST_H

#include "providers/cloudflare_answer.h"

#define LIST_READINGS_MAX 3u

struct list_page {
	char *items;
	size_t count;
};

/** One list, being read. Everything that grows is in the call's arena. */
struct list {
	struct call *call;
	struct list_page *pages;         /**< page 1 first */
	size_t page_capacity;
	size_t asked_count;              /**< pages asked for so far: 1 to asked_count */
	size_t under_way;                /**< of these, not answered yet */
	size_t last_page;                /**< 0: not known yet */
	bool is_ended;                   /**< a page was empty or short: there are no more */
	int64_t total;                   /**< as told; -1: not told */
	bool has_contradiction;          /**< pages told different totals */
	unsigned readings;               /**< begun */
};

void list_init(struct list *list, struct call *call);

/** The next page to ask for.
 * @param at_once   most pages under way
 * @param ret_page  1-based; 0: none now
 * @return RC_OK; RC_NOMEM; RC_LIMIT more than LIMIT_PAGES */
enum rc list_next_page(struct list *list, size_t at_once, size_t *ret_page) MUST_CHECK;

/** Take the answer to page number @p page. @return as answer_take(), with the call's message set */
enum rc list_take_page(const struct wire_context *context, struct list *list, size_t page,
		       const struct http_answer *answer) MUST_CHECK;

/** True when all pages were asked for and answered. */
bool list_is_read(const struct list *list);

/** Put the pages together into the call.
 * @param ret_again  set when RC_OK: the pages did not add up, and the list is to be read again from page 1
 * @return RC_OK; RC_UNAVAILABLE it did not add up in LIST_READINGS_MAX readings; RC_CORRUPT; RC_NOMEM */
enum rc list_finish(const struct wire_context *context, struct list *list, bool *ret_again) MUST_CHECK;

#endif
