/* Gateways that several projects have Routes on: what the owner records, and how rules of many projects are ordered. */
#include <string.h>

#include "base/str.h"
#include "schema/shared_gateway.h"
#include "schema/translate_internal.h"

enum rc translate_shared_policy(struct translation *t, const struct shared_policy *policy, const struct fault **ret_fault)
{
	return policy ? translate_fault_new(t, policy->feature, policy->reason, (struct span){0}, ret_fault) : RC_OK;
}

static enum rc policy_of(struct translation *t, const struct fault *fault, const struct shared_policy **ret_policy)
{
	struct shared_policy *policy;

	*ret_policy = NULL;
	if (!fault)
		return RC_OK;
	policy = arena_alloc(t->scratch, sizeof(*policy));
	if (!policy)
		return RC_NOMEM;
	*policy = (struct shared_policy){fault->feature, fault->reason};
	*ret_policy = policy;
	return RC_OK;
}

enum rc translate_shared_facts(struct translation *t, struct draft *draft)
{
	const char **hostnames = arena_array(t->scratch, draft->block_count, sizeof(const char *));
	const struct shared_policy **policies =
		arena_array(t->scratch, draft->listener_count, sizeof(const struct shared_policy *));
	struct shared_gateway_facts facts = {hostnames, draft->block_count, NULL, policies};
	struct json *json = NULL;
	enum rc rc = hostnames && policies ? policy_of(t, draft->policy, &facts.policy) : RC_NOMEM;

	if (rc)
		return rc;
	for (size_t i = 0; i < draft->block_count; i++)
		hostnames[i] = draft->blocks[i].hostname;
	for (size_t i = 0; !rc && i < draft->listener_count; i++)
		rc = policy_of(t, draft->listeners[i].policy, &policies[i]);
	if (!rc)
		rc = shared_gateway_write(t->arena, draft->gateway, &facts, &json);
	draft->tunnel.gateway = json;
	return rc;
}

const char *translate_precedence(struct translation *t, const struct place *place)
{
	const struct candidate *c = place->winner;
	const struct meta *meta = &c->route->route->meta;
	const uint64_t sign = (uint64_t)1 << 63;
	const uint64_t created = (uint64_t)meta->created_s ^ sign;
	size_t key_size = strlen(meta->key);
	char *text = arena_alloc(t->arena, 8 + 1 + 16 + 1 + key_size + 1 + 8 + 1), *out;

	if (!text)
		return NULL;
	/* What stands under the hostname in the sort key: path type and length; then what decides between equals. A blank
	 * comes before every character of a name. */
	out = str_put_hex32(text, (uint32_t)place->sort_key);
	*out++ = ' ';
	out = str_put_hex32(str_put_hex32(out, (uint32_t)(created >> 32)), (uint32_t)created);
	*out++ = ' ';
	out = mempcpy(out, meta->key, key_size);
	*out++ = ' ';
	str_put_hex32(out, c->rule_index << 16 | (c->match_index & 0xFFFF));
	return text;
}
