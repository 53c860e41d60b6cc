/** @file
 * Gateway API objects into tunnels, rules and CNAMEs. A pure function. gateway-semantics is the specification. */
#ifndef ADIT_SCHEMA_TRANSLATE_H
#define ADIT_SCHEMA_TRANSLATE_H

#include "base/diag.h"
#include "base/map.h"
#include "schema/desired.h"
#include "schema/object.h"
#include "schema/project.h"

/** What decides between two claimants beside the manifests. */
struct translate_input {
	const struct project *project;
	const struct objects *objects;
	/** Called once, with the input as it is, before any of recorded_owner, recorded and taken is looked at: whoever knows them
	 * only then sets them. NULL: they are set. What it returns ends the translation unless it is RC_OK. */
	enum rc (*learn)(void *context, struct translate_input *input);
	void *context;
	/** Who is recorded: of a rule's address the origin object ("HTTPRoute shop/web"), of "cname/<fqdn>" the tunnel's
	 * address; NULL: nobody. Who is recorded keeps it while it claims it. Threads may call it at once.
	 * NULL: nothing recorded (render, validate). */
	const char *(*recorded_owner)(const void *recorded, const char *address);
	const void *recorded;
	/** Rule address -> the other project that has this place in a shared tunnel (const char *); NULL: nobody. */
	const struct map *taken;
	bool may_be_empty; /**< an input without a Gateway of ours asks for nothing, and is no fault */
	size_t threads;    /**< that work at once, the caller's among them; the result is the same with any number;
			    * 0: as many as there are processors for a large input, else one */
};

/** @param ret_desired  arena
 * @return RC_OK; RC_INVALID (no Gateway of ours A0201 unless it may be empty, two Gateways with one tunnel name A0202, ...: diagnostics tell);
 * RC_LIMIT; RC_NOMEM */
enum rc translate(struct arena *arena, struct diags *diags, const struct translate_input *input,
		  struct desired **ret_desired) MUST_CHECK;

/** One rule of such a document: {"hostname","path","service","originRequest"}, without what is empty; arena. */
enum rc translate_rule(struct arena *arena, const struct rule_fields *rule, struct json **ret_json) MUST_CHECK;

/** The configuration document of one tunnel as the API takes it: {"ingress":[...],"originRequest":{...}}; arena. */
enum rc translate_document(struct arena *arena, const struct desired_tunnel *tunnel,
			   struct json **ret_config) MUST_CHECK;

/** Which rule of @p tunnel serves a URL's host and (decoded) path, as cloudflared's FindMatchingRule does.
 * @param ret_index  of the rule; the catch-all when nothing else matches
 * @return RC_OK, RC_INVALID a rule's path does not compile, RC_NOMEM */
enum rc translate_match(struct resource *const *rules, size_t rule_count, const char *host, const char *path,
			size_t *ret_index) MUST_CHECK;

#endif
