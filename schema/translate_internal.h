/** @file
 * What the files of translation share. Internal to schema/translate*.c.
 *
 * The way: Gateways of ours and native Tunnels become drafts (translate_gateway.c). Each Route is attached to drafts
 * (translate_attach.c), which gives hostnames; its matches (translate_route.c) times these hostnames are candidates for
 * places, a place being one hostname and path of one tunnel (translate_place.c). Hostnames that several tunnels claim
 * are settled, each place gets its winner, and drafts become resources (translate_emit.c). What finds no rule is
 * written down (translate_loss.c). Of large inputs all that comes after the hostnames is done by several threads, each for
 * some of the drafts (translate_group.c).
 *
 * Routes and Gateways are walked in the order of their keys, so that nothing depends on the order of the input. */
#ifndef ADIT_SCHEMA_TRANSLATE_INTERNAL_H
#define ADIT_SCHEMA_TRANSLATE_INTERNAL_H

#include "base/sort.h"
#include "base/strbuf.h"
#include "schema/translate.h"
#include "schema/translate_hostname.h"
#include "schema/translate_path.h"

#define GATEWAY_GROUP "gateway.networking.k8s.io"

/** Why a rule cannot do what it asks for; several make a list. */
struct fault {
	const char *feature;               /**< NULL: nothing is refused, as with a rule that names no backends */
	const char *reason;
	bool is_said;                      /**< refused already, once for all places */
	struct span span;
	const struct fault *next;
};

/** One match of a Route, whatever it is attached to. */
struct part_match {
	const struct http_match *match;
	struct path_pattern path;          /**< pattern NULL: cannot be rendered */
	const struct fault *fault;         /**< not NULL: dropped */
};

enum verdict { RULE_SERVES, RULE_CLOSED, RULE_REDIRECTS };

/** What the Services of a rule and its Route say of an annotation, each backend for itself. */
struct said {
	bool is_yes;                       /**< one says "true" */
	bool is_open;                      /**< of one nothing is said: it is the Gateway's to say */
};

/** One rule of a Route, whatever it is attached to. */
struct part_rule {
	const struct http_rule *rule;
	struct part_match *matches;
	enum verdict verdict;
	const char *service;               /**< RULE_SERVES */
	const struct json *origin_request; /**< annotations of Route and Service, and what filters ask for; NULL: none */
	bool is_verified;                  /**< a BackendTLSPolicy asks for a verified certificate */
	struct said dns, protect;
	const struct fault *faults;        /**< RULE_CLOSED, RULE_REDIRECTS (why not on HTTPS) */
};

struct part_route {
	const struct http_route *route;
	const char *object;                /**< "HTTPRoute shop/web"; NULL until its turn comes */
	struct part_rule *rules;           /**< NULL until asked for */
	bool has_actions;                  /**< rules' verdicts are known, not only their matches */
	bool is_missed;                    /**< a parent does not take it */
	const char *miss_reason;           /**< of the first such parent */
};

struct draft;
struct place;

struct draft_listener {
	const struct listener *listener;
	const char *hostname;              /**< "" for any */
	bool is_https;
	bool is_live;                      /**< a protocol that a tunnel serves, and in no conflict */
	const char *closed_to;             /**< why it admits no HTTPRoute whatever its namespace; NULL: it may */
	const struct fault *policy;        /**< a policy that covers it; NULL: none */
	struct map admitted;               /**< for selectors: namespace -> &SELECTOR_YES or &SELECTOR_NO */
};

/** The hostname of listeners, and where its rules stand among the draft's. */
struct draft_block {
	const char *hostname;
	const struct listener *listener;
};

/** One hostname on one tunnel. */
struct draft_host {
	struct draft *draft;
	const char *hostname;              /**< "" for any */
	uint32_t size;                     /**< of hostname, in bytes */
	size_t block;                      /**< index into blocks */
	uint32_t rank;                     /**< among the draft's hostnames, most specific first */
	bool wants_cname, protect, is_lost;
	bool has_https, has_https_regex;   /**< a rule for an HTTPS listener; one whose path is a regular expression */
	int64_t created_s;                 /**< of the oldest claimant that wants a CNAME */
	const char *key, *object;          /**< of the same */
	struct span span;
	struct place *places;              /**< linked by next */
	size_t place_count;
	struct map *place_by_path;         /**< NULL: they are few */
	struct draft_host *rival;          /**< the same hostname on other tunnels */
	const struct draft_host *winner;   /**< is_lost: who has the CNAME */
	const char *winner_reason;
};

/** A match that wants to be the rule at a place. */
struct candidate {
	struct candidate *next;
	struct part_route *route;
	struct part_rule *rule;
	struct part_match *match;
	struct draft_listener *listener;
	enum verdict verdict;              /**< dropped matches: of no account */
	const struct fault *faults;
	uint32_t rule_index, match_index;
};

struct place {
	struct place *next;                /**< of the same hostname */
	const char *address;               /**< NULL until asked for: translate_place_address() */
	struct draft_host *host;
	const char *path;
	uint64_t sort_key;                 /**< host, path type, length */
	struct candidate *candidates;
	const struct candidate *winner;    /**< NULL: no rule */
	bool is_recorded;                  /**< the winner stood here before */
	const char *taken_by;              /**< the other project that has it in a shared tunnel; NULL: nobody */
};

/** A tunnel under construction. */
struct draft {
	const char *address;               /**< "tunnel/edge/public" */
	const char *rule_prefix;           /**< what the addresses of its rules begin with, before hostname and path */
	const char *object;                /**< "Gateway edge/public", "Tunnel edge" */
	const char *account, *name;
	const struct gateway *gateway;     /**< NULL for a native one */
	const struct native_tunnel *native;
	const struct json *origin_request; /**< top level */
	const struct json *access;         /**< {"access": ...}: every rule needs its own copy; NULL: none */
	bool has_no_tls_verify;            /**< top level */
	bool has_redirects;                /**< one of its candidates redirects to https */
	const struct fault *policy;        /**< a policy that covers the whole Gateway */
	struct draft_listener *listeners;
	size_t listener_count;
	struct draft_block *blocks;        /**< most specific first; the last is "" */
	size_t block_count;
	struct map block_by_hostname;      /**< -> struct draft_block * */
	struct map hosts;                  /**< hostname -> struct draft_host * */
	struct draft_host **host_list;     size_t host_count, host_capacity;
	struct place **place_list;         size_t place_count, place_capacity;
	struct desired_tunnel tunnel;
	size_t rule_capacity;
};

/** A Gateway of the input, ours or not. */
struct known_gateway {
	const struct gateway *gateway;
	struct draft *draft;               /**< NULL: not ours */
	const char *why_not;
};

/** A refusal in the making: its effect names the first place, and how many more there are. */
struct refused {
	struct refusal refusal;
	const char *place;
	size_t more;
	bool is_said;                      /**< of a policy: it is not known how many more */
};

/** A refusal of a group, to be told again where all are (translate_group.c). */
struct told {
	const char *object;
	struct fault fault;
	const char *effect, *place;
};

struct translation {
	struct arena *arena;               /**< for what the desired state holds on to, texts above all */
	struct arena *scratch;             /**< for what is done with once translation is: freed then */
	struct sort_entry *entries;        size_t entry_capacity; /**< translate_entries() */
	struct diags *diags;
	const struct translate_input *in;
	struct translate_input *late;      /**< the same, for its learn() */
	struct desired *desired;
	bool has_errors, has_annotated_services;
	bool is_group;                     /**< of drafts: may read of the rest, and write to none of the maps below */
	struct told *told;                 size_t told_count, told_capacity; /**< of a group */
	struct known_gateway *gateways;    size_t gateway_count; /**< sorted by key */
	struct part_route *routes;         size_t route_count;   /**< sorted by key */
	struct draft **drafts;             size_t draft_count, draft_capacity;
	struct map classes, gateway_by_key, namespaces, services, listener_sets;
	struct map grants;                 /**< "to\nfrom\nname", name "" for any, -> struct reference_grant * */
	struct map tls_policies;           /**< "namespace/service\nport name" -> struct backend_tls_policy * */
	struct map tls_sections;           /**< Services of which a policy names a port */
	struct map policies, policies_found; /**< see translate_policy.c */
	struct map tunnel_names;           /**< "account\nname" -> struct draft * */
	struct map noted_services;         /**< "namespace/name:port" said once */
	struct map regexes;                /**< RegularExpression -> struct part_regex * */
	struct map refused_by_key;
	struct refused **refused;          size_t refused_count, refused_capacity;
	struct draft **defaults;           size_t default_count, default_capacity;
	size_t candidate_count;
	size_t foreign_route_count;        /**< Routes that belong to Gateways of others */
};

/* translate_index.c: look-ups over the input. */
enum rc translate_index(struct translation *t) MUST_CHECK;
/** True when a ReferenceGrant in @p to lets HTTPRoutes of @p from refer to Service @p name. */
bool translate_is_granted(const struct translation *t, const char *from, const char *to, const char *name);
/** The BackendTLSPolicy of a Service's port: the one that names the port before others, then the oldest, then by key.
 * @param port_name  NULL: the port has none
 * @return NULL when there is none */
const struct backend_tls_policy *translate_tls_policy(const struct translation *t, const char *service_key,
						      const char *port_name);
/** Room to sort so many, with as much again behind it; it is the next caller's, too. NULL when memory is used up. */
struct sort_entry *translate_entries(struct translation *t, size_t count);
/** "kind key"; arena. */
char *translate_object(struct translation *t, const char *kind, const struct meta *meta);
/** True, with a note, for objects that are to be treated as absent. */
bool translate_is_ignored(struct translation *t, const char *kind, const struct meta *meta);
/** The value under a key of several parts, joined by newlines; NULL when absent. */
void *translate_get(const struct map *map, const char *const *parts, size_t count);
/** The value under "namespace/name"; NULL when absent. */
void *translate_find(const struct map *map, const char *name_space, const char *name);
/** Put under a key of several parts, joined by newlines. */
enum rc translate_put(struct translation *t, struct map *map, const char *const *parts, size_t count,
		      void *value) MUST_CHECK;

/* translate_select.c: label selectors. */
/** @param meta        NULL: not in the input; then a requirement holds only of what is known without it
 *  @param name_space  the namespace whose labels they are; NULL: they are no namespace's */
bool translate_selects(const struct label_selector *selector, const struct meta *meta, const char *name_space);

/* translate_policy.c: policies of other groups. */
enum rc translate_policies(struct translation *t) MUST_CHECK;
#define ANY_SECTION "*"
/** The policy that covers an object.
 * @param section    listener, rule or port: only policies that name this one count; ANY_SECTION: those that name one;
 *                   NULL: those that name none
 * @param ret_fault  the first of them by key; left alone when there is none */
enum rc translate_policy_of(struct translation *t, const char *kind, const struct meta *meta, const char *section,
			    const struct fault **ret_fault) MUST_CHECK;

/* translate_shared.c: Gateways that several projects have Routes on */
/** The fault that a policy of the owner's is; left alone when there is none. */
enum rc translate_shared_policy(struct translation *t, const struct shared_policy *policy,
				const struct fault **ret_fault) MUST_CHECK;
/** What the owner records of its Gateway. */
enum rc translate_shared_facts(struct translation *t, struct draft *draft) MUST_CHECK;
/** struct origin's precedence of the rule of a place; arena; NULL when memory is used up. */
const char *translate_precedence(struct translation *t, const struct place *place);

/* translate_gateway.c, translate_listener.c */
enum rc translate_gateways(struct translation *t) MUST_CHECK;
enum rc translate_listeners(struct translation *t, struct draft *draft) MUST_CHECK;
/** A draft with its name, which must be its own; the rest is the caller's. @return RC_INVALID when the template is bad */
enum rc translate_draft_new(struct translation *t, const char *account, const char *name_space, const char *name,
			    const char *object, struct span span, struct draft **ret_draft) MUST_CHECK;
/** Keep a top-level originRequest; its access goes into every rule. */
enum rc translate_draft_origin(struct translation *t, struct draft *draft,
			       const struct json *origin_request) MUST_CHECK;
/** Index of the block that a hostname's rules belong to: of the most specific listener that covers it. */
enum rc translate_block_of(struct translation *t, const struct draft *draft, const char *hostname,
			   size_t *ret_block) MUST_CHECK;

/* translate_route.c: matches; translate_action.c: filters; translate_backend.c */
enum rc translate_route_matches(struct translation *t, struct part_route *route) MUST_CHECK;
enum rc translate_route_actions(struct translation *t, struct part_route *route) MUST_CHECK;
enum rc translate_backends(struct translation *t, const struct part_route *route,
			   struct part_rule *rule) MUST_CHECK;
/** Add a fault at the end of the list; the rule is closed. @param feature NULL: nothing is refused */
enum rc translate_close(struct translation *t, struct part_rule *rule, const char *feature, struct span span,
			const char *format, ...) PRINTF_LIKE(5, 6) MUST_CHECK;
enum rc translate_fault_new(struct translation *t, const char *feature, const char *reason, struct span span,
			    const struct fault **ret_fault) MUST_CHECK;
/** @p over put over @p under, key by key; either may be NULL; one of them, or arena. */
enum rc translate_merge(struct translation *t, const struct json *under, const struct json *over,
			const struct json **ret_merged) MUST_CHECK;

/* translate_annotation.c: dns and protect */
bool translate_has_annotation(const struct meta *meta);
/** Find out what a rule's backends and its Route say. */
void translate_listen(const struct translation *t, const struct http_route *route, struct part_rule *rule);
/** @param of_gateway  what the Gateway says */
bool translate_is_said(const struct said *said, bool of_gateway);

/* translate_attach.c */
enum rc translate_routes(struct translation *t) MUST_CHECK;
/** True when listener @p l admits HTTPRoutes of @p name_space. */
enum rc translate_admits(struct translation *t, const struct draft *draft, struct draft_listener *l,
			 const char *name_space, bool *ret_admits) MUST_CHECK;
enum rc translate_others(struct translation *t) MUST_CHECK;

/* translate_place.c */
/** A hostname on a draft; made when it is new. @param block  of translate_block_of(); 0 for native ones */
enum rc translate_host(struct translation *t, struct draft *draft, const char *hostname, size_t block,
		       struct draft_host **ret_host) MUST_CHECK;
/** Someone wants a CNAME for it; the oldest, then the smallest key speaks for the hostname. */
void translate_host_claim(struct draft_host *host, int64_t created_s, const char *key, const char *object,
			  struct span span);
enum rc translate_place_candidate(struct translation *t, struct draft_host *host,
				  const struct candidate *candidate) MUST_CHECK;
/** The place of a path; NULL when there is none. */
struct place *translate_place_at(const struct draft_host *host, const char *path);
/** Its rule's address; arena; NULL when memory is used up. */
const char *translate_place_address(struct translation *t, struct place *place);
/** Settle hostnames that several tunnels claim. */
enum rc translate_settle_hosts(struct translation *t) MUST_CHECK;
enum rc translate_settle_places(struct translation *t, struct draft *draft) MUST_CHECK;
/** Precedence at one place: HTTPS before HTTP, the older, the smaller name, the earlier rule and match. */
int translate_compare_candidates(const struct candidate *a, const struct candidate *b);
/** Write down the losers of each place, and what was dropped or closed there. After all drafts are settled. */
enum rc translate_place_losses(struct translation *t, const struct draft *draft) MUST_CHECK;

/* translate_redirect.c */
/** Close the places that redirect to https, have no other Route, and would be served by a wider rule that is there for http
 * alone: the redirect becomes their winner. After the draft's other places are settled. */
enum rc translate_settle_redirects(struct translation *t, struct draft *draft) MUST_CHECK;
/** That rule. @param ret_taker  NULL: there is none, and the edge's redirect is all that it takes */
enum rc translate_redirect_taker(struct translation *t, const struct place *place, const struct candidate **ret_taker) MUST_CHECK;

/* translate_emit.c, translate_native.c */
enum rc translate_emit(struct translation *t, struct draft *draft) MUST_CHECK;
/** Append a rule. @p rule comes with its fields and origin; its originRequest gets the draft's access.
 * @param rule  arena */
enum rc translate_emit_rule(struct translation *t, struct draft *draft, struct resource *rule) MUST_CHECK;
/** The catch-all, the tunnel and its CNAMEs. */
enum rc translate_emit_tunnel(struct translation *t, struct draft *draft, const char *catch_all,
			      struct span span) MUST_CHECK;
enum rc translate_natives(struct translation *t) MUST_CHECK;
enum rc translate_emit_native(struct translation *t, struct draft *draft) MUST_CHECK;

/* translate_group.c: settling places, losses and emission by several threads */
size_t translate_threads(const struct translation *t);
enum rc translate_groups(struct translation *t, size_t thread_count) MUST_CHECK;

/* translate_loss.c: what finds no rule */
/** More than LIMIT_RULES of something (A0207). @return RC_LIMIT */
enum rc translate_too_many(struct translation *t) MUST_CHECK;
enum rc translate_claim(struct translation *t, const struct claim *claim) MUST_CHECK;
/** Refuse something once per object, feature and place in the input.
 * @param effect  "http_status:500 at"
 * @param place   where it shows; "" for none; of several the first is named */
enum rc translate_refuse(struct translation *t, const char *object, const struct fault *fault, const char *effect,
			 const char *place) MUST_CHECK;
enum rc translate_unattached(struct translation *t, const struct unattached *unattached) MUST_CHECK;
/** Claims of a Route that a parent does not take, or that has hostnames within no listener.
 * @param taken  by hostname: it stands somewhere */
enum rc translate_missed(struct translation *t, struct part_route *route, const bool *taken) MUST_CHECK;
/** Sort it all, and drop what was said twice. */
enum rc translate_finish(struct translation *t) MUST_CHECK;
/** "app.example.com^/api", "every hostname"; for messages; arena */
const char *translate_place_text(struct translation *t, const char *hostname, const char *path);

#endif
