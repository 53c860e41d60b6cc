/* What holds for every provider. */
#include "providers/provider.h"

#include "providers/cloudflare_request.h"

enum rc provider_do(struct provider *provider, struct call *call)
{
	struct call *done = NULL;
	enum rc rc;

	/* Another call could come back first, and would be lost. */
	if (provider->vt->pending(provider))
		return RC_INTERNAL;
	rc = provider->vt->submit(provider, call);
	if (rc)
		return rc;
	do {
		rc = provider->vt->next(provider, -1, &done);
	} while (rc == RC_CANCELLED); /* the interrupt ends the call too, or lets a write finish: it comes back soon */
	return rc ? rc : call->rc;
}

bool call_is_write(enum call_kind kind)
{
	return wire_kind(kind)->method != HTTP_GET;
}

const char *call_kind_text(enum call_kind kind)
{
	return wire_kind(kind)->text;
}
