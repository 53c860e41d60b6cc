/** @file
 * What the phases of an apply share. Internal to planner/. */
#ifndef ADIT_PLANNER_APPLYING_H
#define ADIT_PLANNER_APPLYING_H

#include "base/map.h"
#include "planner/apply.h"
#include "planner/document.h"

struct applying;
struct step;

/** One tunnel on its way. */
struct apply_tunnel {
	const struct tunnel_plan *plan;
	struct provider *provider;
	const struct change *change;         /**< its own change; NULL: only its rules change */
	const char *id;
	size_t first_rule, end_rule;         /**< range of its rule changes in the plan */
	struct map keep;                     /**< hostnames whose rules must stay for now */
	bool has_kept;                       /**< a second PUT is due */
	bool is_broken;                      /**< failed or stale: what depends on it is skipped */
	const char *why_broken;
	const char *expected;                /**< fingerprint of the document before the next PUT */
	int64_t version;                     /**< of the configuration that its connectors must run; -1 unknown */
	bool is_put_done;
	/* other projects' rules: apply_shared.c */
	bool is_due;                         /**< its document is written in this phase */
	struct slice *slices;                /**< read under the lock */
	size_t slice_count;
	const char *expected_slice;          /**< fingerprint of this project's part of the document; NULL: not shareable */
	/* connector gate */
	bool is_gated, is_ready;
	/* deletion that found a connector still there */
	bool is_retried;
	unsigned attempt;
	int64_t intent;
};

/** A call of an apply, and what its answer is for. */
struct step {
	struct call call;
	enum rc (*done)(struct applying *a, struct step *step);
	struct provider *provider;
	struct apply_tunnel *tunnel;
	struct zone_work *zone;
	struct batch *batch;
	struct old_target *old;
	size_t change;                       /**< index in the plan */
	int64_t intent;
	const struct json *document;         /**< sent */
	const char *before;                  /**< fingerprint of the document that was read just before */
	int64_t version;                     /**< its version; -1 unknown */
	unsigned attempt;                    /**< how often it was sent before, without an answer */
};

/** What is to be written to the state, and what waits for that: apply_journal.c. */
struct apply_journal {
	struct outcome *outcomes;            size_t outcome_count, outcome_capacity;
	struct intent *intents;              size_t intent_count, intent_capacity;
	int64_t **ids;                       size_t id_capacity; /**< where an intent's id goes, once it has one */
	struct step **steps;                 size_t step_count, step_capacity;
	size_t *untold;                      size_t untold_count; /**< changes that are settled, but not said to be */
	int64_t since_ms;                    /**< when the first of it came */
	int64_t took_ms;                     /**< that the last writing took */
};

struct applying {
	struct run *run;
	const struct apply_input *in;
	const struct plan *plan;
	struct apply_result *result;
	enum change_state *states;
	const char **messages;
	struct apply_tunnel *tunnels;
	size_t tunnel_count;
	struct map tunnel_by_address;
	struct apply_journal journal;
	size_t settled, recreated_capacity;
	int64_t heartbeat_ms;
	bool is_stopping;                    /**< interrupted or lease lost: nothing new is started */
	volatile int stop;                   /**< 1: what providers see as their interrupt once it is stopping */
	enum rc fatal;                       /**< the store failed: whether the lease is still ours is not known */
};

/* driver: apply.c */
struct step *apply_step(struct applying *a, struct provider *provider, enum call_kind kind,
			enum rc (*done)(struct applying *, struct step *)) MUST_CHECK;
/** Run until nothing is under way, and all is recorded. */
enum rc apply_drain(struct applying *a) MUST_CHECK;
/** Wait @p ms of the run's time, keeping the lease; ends early when stopping. */
enum rc apply_wait(struct applying *a, int64_t ms) MUST_CHECK;
/** Words for a failed call: what the API said, and the permission that is missing. */
const char *apply_explain(struct applying *a, const struct call *call);
struct provider *apply_provider(struct applying *a, const char *account) MUST_CHECK;
void apply_event(struct applying *a, enum apply_event_kind kind, size_t change, const char *message);
/** A row for the state from a change that was made. @param id  the API's; NULL keeps before's */
struct recorded apply_recorded(struct applying *a, const struct change *change, const struct resource *resource, const char *id);

/* apply_journal.c: what is said to it is written by apply_drain(), within some milliseconds */
/** Journal the intent of one operation; the writes that are submitted from here on wait for it.
 * @param detail      what a later run looks for, should this one die
 * @param ret_intent  set when it is durable; must live until then */
enum rc apply_begin(struct applying *a, const char *operation, const char *address, const struct recovery_detail *detail,
		    int64_t *ret_intent) MUST_CHECK;
/** Send a call: a read at once, a write once the intents that came before it are durable; never, when they are not, and
 * then without a word to its done(). */
enum rc apply_submit(struct applying *a, struct step *step) MUST_CHECK;
/** Record an outcome: state rows and the closed intents, in one transaction. What it points at must live until then. */
enum rc apply_record(struct applying *a, const struct outcome *outcome) MUST_CHECK;
/** apply_record() for one intent; 0: none. */
enum rc apply_commit(struct applying *a, int64_t intent, struct outcome *outcome, const char *result) MUST_CHECK;
/** What became of a change. It is said once the outcomes that came before are durable; when they are not, what was done
 * counts as pending. */
void apply_settle(struct applying *a, size_t change, enum change_state state, const char *message);
/** How long all this may still wait, in the run's time; -1: there is nothing. */
int64_t apply_journal_wait_ms(const struct applying *a);
/** Write it now. @return RC_OK; RC_STALE the lease was lost; RC_IO...: then no call was sent */
enum rc apply_journal_write(struct applying *a) MUST_CHECK;
/** What the store says of the lease. Lost: another process took over. Not to be had: whether it is still ours is not
 * known, and what is not known to be ours is not written. */
void apply_note_lease(struct applying *a, enum rc rc);

/* tunnels: apply_tunnel.c, apply_delete.c */
/** What depends on the tunnel is skipped from here on; its own change is settled. */
void apply_break_tunnel(struct applying *a, struct apply_tunnel *tunnel, enum change_state state, const char *why);
/** A fresh tunnel secret: 32 random bytes, base64; wipe it with apply_wipe_secret(). */
enum rc apply_make_secret(struct applying *a, char **ret_secret) MUST_CHECK;
/** Wipe the secret that a step's call carried. */
void apply_wipe_secret(struct step *step);

/* apply_config.c */
/** Is the document just read still the one that is expected? */
enum rc apply_check_document(struct applying *a, const struct apply_tunnel *tunnel, const struct json *document,
			     bool *ret_is_same) MUST_CHECK;
/** Its document is not written (any more) in this run. */
void apply_break_document(struct applying *a, struct apply_tunnel *tunnel, enum change_state state, const char *why);

/* apply_shared.c */
/** Lock the due tunnels that other projects may write to, and read what these have in them; those that changed since
 * the plan are broken. */
enum rc apply_share_lock(struct applying *a) MUST_CHECK;
/** Lock the tunnels whose CNAMEs are deleted or handed over; what other projects use otherwise by now is settled. */
enum rc apply_share_lock_dns(struct applying *a) MUST_CHECK;
void apply_share_unlock(struct applying *a);
/** The first other project with rules in it, as of the lock; NULL: none. */
const char *apply_share_user(const struct apply_tunnel *tunnel);
/** Is this project's part of the document as expected? @return RC_OK; RC_NOTFOUND it is nobody else's: judge the whole */
enum rc apply_share_check(struct applying *a, const struct apply_tunnel *tunnel, const struct json *document,
			  bool *ret_is_same) MUST_CHECK;
/** From here on the document is expected to hold of this project what @p document does. */
enum rc apply_share_expect(struct applying *a, struct apply_tunnel *tunnel, const struct json *document) MUST_CHECK;
/** All projects' rules for document_build(). @param ret_any  false: nobody else has any */
enum rc apply_share_merge(struct applying *a, const struct apply_tunnel *tunnel, struct document_merge *merge,
			  bool *ret_any) MUST_CHECK;
/** Say which rules of other projects a PUT puts back: recorded, and not in @p live. */
enum rc apply_share_tell(struct applying *a, const struct apply_tunnel *tunnel, const struct document_merge *merge,
			 const struct json *live) MUST_CHECK;
/** Say in the detail of a PUT's intent which rules it makes; arena. */
enum rc apply_share_detail(struct applying *a, const struct apply_tunnel *tunnel, struct recovery_detail *detail) MUST_CHECK;

/** What an outcome says of a shareable tunnel: the owner's Gateway; arena. */
enum rc apply_share_rows(struct applying *a, const struct apply_tunnel *tunnel, struct outcome *outcome) MUST_CHECK;

/** Add to an outcome what recorded changes say of shareable tunnels; arena. */
enum rc apply_share_recorded(struct applying *a, struct outcome *outcome) MUST_CHECK;

/* phases */
enum rc apply_state_changes(struct applying *a) MUST_CHECK;
enum rc apply_tunnel_creations(struct applying *a) MUST_CHECK;
enum rc apply_first_puts(struct applying *a) MUST_CHECK;
enum rc apply_gate(struct applying *a) MUST_CHECK;
enum rc apply_dns(struct applying *a) MUST_CHECK;
enum rc apply_second_puts(struct applying *a) MUST_CHECK;
enum rc apply_tunnel_deletions(struct applying *a) MUST_CHECK;
/** A contributor with nothing left in a tunnel is none any more. */
enum rc apply_share_leave(struct applying *a) MUST_CHECK;

/** The hostnames that leave each tunnel and are still on their way: "<tunnel id>.cfargotunnel.com" -> struct map *, with
 * an entry for every tunnel of the plan that exists. */
enum rc apply_find_leaving(struct applying *a, struct map *ret_by_target) MUST_CHECK;
/** What a CNAME change finds where it shall be made. */
enum cname_finding { CNAME_AS_EXPECTED, CNAME_ALREADY_DONE, CNAME_CHANGED };
/** Compare the live records of a change's name and id with what the plan expects.
 * @param records  of the zone, indexed: only its record_by_id and records_by_name are used
 * @param target   "<tunnel id>.cfargotunnel.com" that the change points at; NULL for deletions */
enum cname_finding apply_cname_find(struct arena *arena, const struct change *change, const struct live_account *records,
				    const char *target);

#endif
