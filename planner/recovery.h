/** @file
 * Operations whose outcome the journal does not know, because their run was interrupted: what their intents say of
 * them, and what became of them by what is live. Pure.
 *
 * A tunnel that was to be made is found by its name, which is unique among live ones; a document by its fingerprint; a
 * record by name, content and mark, or by its id. What cannot be seen stays open. */
#ifndef ADIT_PLANNER_RECOVERY_H
#define ADIT_PLANNER_RECOVERY_H

#include "planner/live.h"
#include "state/store.h"

/** Detail of an intent: what to look for. Members that an operation has no use for are NULL. */
struct recovery_detail {
	const char *account;         /**< the project's name for it */
	const char *id;              /**< of the tunnel or record that is changed or deleted */
	const char *name;            /**< of the tunnel, afterwards; of the record */
	const char *zone_id;         /**< record */
	const char *content, *comment; /**< of the record, afterwards */
	const char *before;          /**< fingerprint of the document or record; the tunnel's name */
	const char *after;           /**< fingerprint of the document */
	const char **rules;          /**< of a shared tunnel: those that a PUT makes; NULL: not shared */
	size_t rule_count;
};

enum recovery_finding {
	RECOVERY_UNSEEN,             /**< it was not or cannot be looked at: it stays open */
	RECOVERY_MADE,               /**< live is as the operation was to leave it */
	RECOVERY_NOT_MADE,           /**< live is as it was before */
	RECOVERY_OTHER,              /**< neither, or there is nothing to look for */
};

struct recovery {
	int64_t intent;
	const char *operation, *address;
	struct recovery_detail detail;
	enum recovery_finding finding;
	const char *text;            /**< the finding in words; static */
};

/** Detail as JSON text for an intent; arena. */
enum rc recovery_detail_write(struct arena *arena, const struct recovery_detail *detail, const char **ret_text) MUST_CHECK;
/** Read open intents; each is unseen until it is judged. A detail that cannot be read says nothing. */
enum rc recovery_read(struct arena *arena, const struct intent *intents, size_t count, struct recovery **ret_list) MUST_CHECK;
/** Find out what became of each. @param live  read after the intents were */
enum rc recovery_judge(struct arena *arena, const struct live *live, struct recovery *list, size_t count) MUST_CHECK;
/** "made", "not-made", "other", "unseen". */
const char *recovery_finding_name(enum recovery_finding finding);

#endif
