/** @file
 * What runs cloudflared for a tunnel, as text: Kubernetes manifests, a docker command, a systemd unit. Pure. */
#ifndef ADIT_CLI_CONNECTOR_MANIFEST_H
#define ADIT_CLI_CONNECTOR_MANIFEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/strbuf.h"

struct connector_config {
	const char *tunnel;         /**< address: "tunnel/edge/public" */
	const char *name_space;     /**< of the Kubernetes objects */
	const char *image, *tag;
	const char *secret_name;    /**< of a Secret that exists; NULL: connector_name() with "-token" */
	const char *token;          /**< put in; NULL: the text says how to put it there */
	int64_t replicas, metrics_port;
	int64_t autoscale;          /**< most replicas of a HorizontalPodAutoscaler; -1: none */
	bool service_monitor;
};

/** "cloudflared-edge-public": a DNS label of at most 50 bytes, cut and closed with a hash when longer; arena. */
char *connector_name(struct arena *arena, const char *tunnel_address);
/** True for what may stand in an image reference, so that it needs no quoting anywhere. */
bool connector_is_image(const char *text);

void connector_kubernetes(struct strbuf *out, struct arena *arena, const struct connector_config *config);
void connector_docker(struct strbuf *out, struct arena *arena, const struct connector_config *config);
void connector_systemd(struct strbuf *out, struct arena *arena, const struct connector_config *config);

#endif
