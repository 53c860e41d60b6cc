/* adit connector: what runs cloudflared for a tunnel, and the rotation of its secret. */
#include "cli/command.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cli/approval.h"
#include "cli/connector_manifest.h"
#include "cli/listing.h"
#include "cli/tunnel_lookup.h"

#define DEFAULT_IMAGE "cloudflare/cloudflared"
#define DEFAULT_TAG "2026.8.2" /* earlier 2026.8 releases rewrite paths before they match rules */

static enum rc refuse_image(struct session *session, const char *text)
{
	struct diag *diag = diag_add(&session->run.diags, SEVERITY_ERROR, "A0845", (struct span){0}, "%s is no image or tag", text);

	diag_help(&session->run.diags, diag, "Letters, digits and . _ - / : @ are allowed.");
	session->verdict.usage = true;
	return RC_INVALID;
}

static const char *default_namespace(struct session *session, const struct resource *tunnel)
{
	const char *part = tunnel->address + strlen("tunnel/"), *slash = strchr(part, '/');

	if (session->options.name_space)
		return session->options.name_space;
	return slash ? arena_memdup(session->run.arena, part, (size_t)(slash - part)) : "default";
}

static struct connector_config make_config(struct session *session, const struct resource *tunnel)
{
	const struct options *options = &session->options;

	return (struct connector_config){
		.tunnel = tunnel->address,
		.name_space = default_namespace(session, tunnel),
		.image = options->image ? options->image : DEFAULT_IMAGE,
		.tag = options->tag ? options->tag : DEFAULT_TAG,
		.secret_name = options->secret_name,
		.replicas = options->replicas < 0 ? 2 : options->replicas,
		.metrics_port = options->metrics_port < 0 ? 2000 : options->metrics_port,
		.autoscale = options->autoscale,
		.service_monitor = options->service_monitor,
	};
}

static enum rc print(struct session *session, const struct tunnel_lookup *lookup)
{
	struct connector_config config = make_config(session, lookup->recorded->resource);
	char *token = NULL;
	struct strbuf out;
	enum rc rc = RC_OK;

	if (!connector_is_image(config.image))
		return refuse_image(session, config.image);
	if (!connector_is_image(config.tag))
		return refuse_image(session, config.tag);
	if (session->options.with_secret)
		rc = tunnel_lookup_token(session, lookup, &token);
	if (rc)
		return rc;
	config.token = token;
	strbuf_init(&out, 0);
	if (str_eq(session->options.output, "docker"))
		connector_docker(&out, session->run.arena, &config);
	else if (str_eq(session->options.output, "systemd"))
		connector_systemd(&out, session->run.arena, &config);
	else
		connector_kubernetes(&out, session->run.arena, &config);
	if (strbuf_failed(&out))
		rc = RC_NOMEM;
	else
		session_write(session, strbuf_text(&out), out.size);
	strbuf_wipe(&out);
	if (token)
		explicit_bzero(token, strlen(token));
	return rc;
}

/** Change the secret, then drop the connections that were made with the old one. */
static enum rc rotate(struct session *session, const struct tunnel_lookup *lookup)
{
	const struct resource *tunnel = lookup->recorded->resource;
	unsigned char bytes[32];
	char *secret;
	struct call set = {.kind = CALL_TUNNEL_SET_SECRET, .arena = session->run.arena, .tunnel_id = tunnel->id};
	struct call drop = {.kind = CALL_CONNECTIONS_DELETE, .arena = session->run.arena, .tunnel_id = tunnel->id};
	enum rc rc = clock_random(&session->run.clock, bytes, sizeof(bytes));

	if (rc)
		return rc;
	secret = str_base64(session->run.arena, bytes, sizeof(bytes));
	explicit_bzero(bytes, sizeof(bytes));
	if (!secret)
		return RC_NOMEM;
	set.secret = secret;
	rc = provider_do(lookup->provider, &set);
	explicit_bzero(secret, strlen(secret));
	if (rc)
		return tunnel_call_failed(session, lookup, &set);
	if (provider_do(lookup->provider, &drop))
		return tunnel_call_failed(session, lookup, &drop);
	session_printf(session, "The secret of %s was changed and its connections were dropped.\n"
				"Its connectors need the new token: adit connector %s\n",
		       session_printable(session, tunnel->address), session_printable(session, tunnel->address));
	return RC_OK;
}

enum rc cmd_connector(struct session *session)
{
	bool rotates = session->options.rotate;
	struct tunnel_lookup lookup;
	enum rc rc;

	if (rotates && !approval_is_possible(session))
		return RC_INVALID;
	if (session->options.with_secret)
		(void)setvbuf(stdout, NULL, _IONBF, 0); /* no copy of the token stays in a buffer */
	rc = tunnel_lookup(session, session->options.arguments.items[0], rotates ? STORE_WRITE : STORE_READ, &lookup);
	if (rc)
		return rc;
	if (!rotates)
		return print(session, &lookup);
	rc = approval_ask(session, "Do you really want to change this tunnel's secret?",
			  "Every connector of it stops serving until it is started with the new token.");
	if (rc == RC_CANCELLED && session->verdict.error)
		return RC_OK;
	return rc ? rc : rotate(session, &lookup);
}
