/** @file
 * Desired state: what the manifests ask for, as resources. Made by schema/translate.h; arena, immutable. */
#ifndef ADIT_SCHEMA_DESIRED_H
#define ADIT_SCHEMA_DESIRED_H

#include <stdbool.h>
#include <stddef.h>

#include "schema/object.h"
#include "schema/resource.h"

struct desired_tunnel {
	struct resource *tunnel;      /**< rule_order set */
	struct resource **rules;      /**< in order; the last is the catch-all */
	size_t rule_count;
	bool protect;                 /**< never delete */
	const char *owner;            /**< the project whose Gateway it is: of this one only the rules, without a catch-all;
				       * NULL: this project */
	const struct json *gateway;   /**< what other projects' Routes are judged by (schema/shared_gateway.h); NULL for
				       * native Tunnels, and for Gateways of other projects */
};

struct desired_cname {
	struct resource *cname;       /**< zone and content NULL: planning fills them in; comment is the bare mark */
	bool protect;
	bool is_native;               /**< from a native Tunnel */
};

/** Why something in the input does not become what it asks for. */
enum claim_state {
	CLAIM_DROPPED,      /**< a match that cannot be expressed; no rule */
	CLAIM_CLOSED,       /**< the action cannot be expressed: http_status:500 stands there */
	CLAIM_UNATTACHED,   /**< its Route attaches to nothing of ours */
	CLAIM_LOST,         /**< another Route claims the same hostname and path, or hostname */
	CLAIM_ELIDED,       /**< the edge does it (https redirect) */
};

/** A hostname and path that the input still asks for, though no serving rule of this object stands for it. One per
 * object, hostname and path; of several reasons the most telling one (closed, lost, dropped, unattached, elided). A
 * Route that only some of its parents take has claims for its wildcards, and for any hostname where it names none, too,
 * since these may have come out otherwise at the others. */
struct claim {
	enum claim_state state;
	const char *object;           /**< "HTTPRoute shop/web" */
	const char *hostname;         /**< intersected; "" any; for unattached Routes as written */
	const char *path;             /**< RE2 as it would be rendered; "" (without a hostname ".*") any; NULL where it
				       * cannot be rendered (stands for every path of this object) */
	const char *reason;           /**< "matches on header x-beta, which a tunnel cannot test" */
	struct span span;
};

/** A feature or object refused, for the summary and the report. One per object, feature and place; what is wrong with a
 * policy's target is said once for the policy. */
struct refusal {
	const char *object;           /**< "HTTPRoute shop/web" */
	const char *feature;          /**< "header match", "RequestMirror", "weights"... */
	const char *effect;           /**< "rule dropped", "http_status:500 at app.example.com^/api" */
	const char *reason;
	struct span span;
};

struct unattached {
	const char *object;           /**< "HTTPRoute shop/web" */
	const char *parent;           /**< "Gateway edge/public" or "Gateway edge/public section https" */
	const char *reason;           /**< "NotAllowedByListeners", "NoMatchingParent", "NoMatchingListenerHostname" */
	const char *message;          /**< says what to change */
	struct span span;
};

struct desired {
	struct desired_tunnel *tunnels;    size_t tunnel_count, tunnel_capacity;   /**< sorted by address */
	struct desired_cname *cnames;      size_t cname_count, cname_capacity;     /**< sorted by address */
	struct claim *claims;              size_t claim_count, claim_capacity;     /**< sorted by object, hostname, path */
	struct refusal *refusals;          size_t refusal_count, refusal_capacity; /**< sorted by place */
	struct unattached *unattached;     size_t unattached_count, unattached_capacity; /**< sorted by object, parent */
	size_t rule_count;
	const char *digest;                /**< of the input: objects.digest */
};

#endif
