/* What runs cloudflared. Source: cloudflared's `tunnel run` flags; Cloudflare's Kubernetes guide. */
#include "cli/connector_manifest.h"

#include <ctype.h>
#include <string.h>

#include "base/str.h"

#define NAME_BYTES 50

char *connector_name(struct arena *arena, const char *tunnel_address)
{
	const char *part = strchr(tunnel_address, '/');
	char *name = arena_printf(arena, "cloudflared-%s", part ? part + 1 : tunnel_address);
	char *hash;

	if (!name)
		return NULL;
	for (char *at = name; *at; at++)
		*at = isalnum((unsigned char)*at) ? (char)tolower((unsigned char)*at) : '-';
	if (strlen(name) <= NAME_BYTES)
		return name;
	hash = str_sha256_hex(arena, tunnel_address, strlen(tunnel_address));
	return hash ? arena_printf(arena, "%.*s-%.12s", NAME_BYTES - 13, name, hash) : NULL;
}

bool connector_is_image(const char *text)
{
	if (!isalnum((unsigned char)*text))
		return false;
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && !strchr("._-/:@", *text))
			return false;
	return true;
}

static const char *secret_name(struct arena *arena, const struct connector_config *config)
{
	const char *name = config->secret_name;

	if (!name) {
		name = connector_name(arena, config->tunnel);
		name = name ? arena_printf(arena, "%s-token", name) : NULL;
	}
	return name ? name : "";
}

static void add_metadata(struct strbuf *out, const struct connector_config *config, const char *name, const char *suffix)
{
	strbuf_addf(out,
		    "metadata:\n"
		    "  name: %s%s\n"
		    "  namespace: %s\n"
		    "  labels:\n"
		    "    app.kubernetes.io/name: cloudflared\n"
		    "    app.kubernetes.io/instance: %s\n",
		    name, suffix, config->name_space, name);
}

static void add_secret(struct strbuf *out, struct arena *arena, const struct connector_config *config, const char *name)
{
	if (config->token) {
		strbuf_addf(out,
			    "apiVersion: v1\nkind: Secret\nmetadata:\n  name: %s\n  namespace: %s\ntype: Opaque\nstringData:\n"
			    "  token: %s\n---\n",
			    secret_name(arena, config), config->name_space, config->token);
		return;
	}
	if (config->secret_name)
		return;
	strbuf_addf(out,
		    "# The token is not part of this output. Put it into the cluster with\n"
		    "#   adit token %s | kubectl -n %s create secret generic %s-token --from-file=token=/dev/stdin\n",
		    config->tunnel, config->name_space, name);
}

static void add_pod_head(struct strbuf *out, const struct connector_config *config, const char *name)
{
	strbuf_addf(out,
		    "  selector:\n"
		    "    matchLabels:\n"
		    "      app.kubernetes.io/name: cloudflared\n"
		    "      app.kubernetes.io/instance: %s\n"
		    "  strategy:\n"
		    "    rollingUpdate: {maxUnavailable: 0, maxSurge: 1}\n"
		    "  template:\n"
		    "    metadata:\n"
		    "      labels:\n"
		    "        app.kubernetes.io/name: cloudflared\n"
		    "        app.kubernetes.io/instance: %s\n"
		    "    spec:\n"
		    "      automountServiceAccountToken: false\n"
		    "      terminationGracePeriodSeconds: 60\n"
		    "      securityContext:\n"
		    "        runAsNonRoot: true\n"
		    "        runAsUser: 65532\n"
		    "        runAsGroup: 65532\n"
		    "        seccompProfile: {type: RuntimeDefault}\n"
		    "      affinity:\n"
		    "        podAntiAffinity:\n"
		    "          preferredDuringSchedulingIgnoredDuringExecution:\n"
		    "          - weight: 100\n"
		    "            podAffinityTerm:\n"
		    "              topologyKey: kubernetes.io/hostname\n"
		    "              labelSelector:\n"
		    "                matchLabels:\n"
		    "                  app.kubernetes.io/name: cloudflared\n"
		    "                  app.kubernetes.io/instance: %s\n"
		    "      containers:\n"
		    "      - name: cloudflared\n"
		    "        image: \"%s:%s\"\n",
		    name, name, name, config->image, config->tag);
}

static void add_container(struct strbuf *out, struct arena *arena, const struct connector_config *config)
{
	strbuf_addf(out,
		    "        args: [tunnel, --no-autoupdate, --metrics, \"0.0.0.0:%lld\", run]\n"
		    "        env:\n"
		    "        - name: TUNNEL_TOKEN\n"
		    "          valueFrom:\n"
		    "            secretKeyRef: {name: %s, key: token}\n"
		    "        ports:\n"
		    "        - {name: metrics, containerPort: %lld}\n"
		    "        readinessProbe:\n"
		    "          httpGet: {path: /ready, port: metrics}\n"
		    "          periodSeconds: 5\n"
		    "        livenessProbe:\n"
		    "          httpGet: {path: /ready, port: metrics}\n"
		    "          initialDelaySeconds: 10\n"
		    "          periodSeconds: 10\n"
		    "          failureThreshold: 6\n"
		    "        resources:\n"
		    "          requests: {cpu: 50m, memory: 64Mi}\n"
		    "          limits: {memory: 256Mi}\n"
		    "        securityContext:\n"
		    "          allowPrivilegeEscalation: false\n"
		    "          readOnlyRootFilesystem: true\n"
		    "          capabilities: {drop: [ALL]}\n",
		    (long long)config->metrics_port, secret_name(arena, config), (long long)config->metrics_port);
}

static void add_budget(struct strbuf *out, const struct connector_config *config, const char *name)
{
	strbuf_adds(out, "---\napiVersion: policy/v1\nkind: PodDisruptionBudget\n");
	add_metadata(out, config, name, "");
	strbuf_addf(out,
		    "spec:\n"
		    "  maxUnavailable: 1\n"
		    "  selector:\n"
		    "    matchLabels:\n"
		    "      app.kubernetes.io/name: cloudflared\n"
		    "      app.kubernetes.io/instance: %s\n",
		    name);
}

static void add_autoscaler(struct strbuf *out, const struct connector_config *config, const char *name)
{
	strbuf_adds(out, "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\n");
	add_metadata(out, config, name, "");
	strbuf_addf(out,
		    "spec:\n"
		    "  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: %s}\n"
		    "  minReplicas: %lld\n"
		    "  maxReplicas: %lld\n"
		    "  # A scale-down drops long-lived connections: take it slowly.\n"
		    "  behavior:\n"
		    "    scaleDown:\n"
		    "      stabilizationWindowSeconds: 600\n"
		    "      policies: [{type: Pods, value: 1, periodSeconds: 300}]\n"
		    "  metrics:\n"
		    "  - type: Resource\n"
		    "    resource:\n"
		    "      name: cpu\n"
		    "      target: {type: Utilization, averageUtilization: 70}\n",
		    name, (long long)config->replicas, (long long)config->autoscale);
}

/** A ServiceMonitor selects Services, so the metrics port gets one. */
static void add_monitor(struct strbuf *out, const struct connector_config *config, const char *name)
{
	strbuf_adds(out, "---\napiVersion: v1\nkind: Service\n");
	add_metadata(out, config, name, "-metrics");
	strbuf_addf(out,
		    "spec:\n"
		    "  clusterIP: None\n"
		    "  selector:\n"
		    "    app.kubernetes.io/name: cloudflared\n"
		    "    app.kubernetes.io/instance: %s\n"
		    "  ports:\n"
		    "  - {name: metrics, port: %lld, targetPort: metrics}\n"
		    "---\napiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\n",
		    name, (long long)config->metrics_port);
	add_metadata(out, config, name, "");
	strbuf_addf(out,
		    "spec:\n"
		    "  selector:\n"
		    "    matchLabels:\n"
		    "      app.kubernetes.io/name: cloudflared\n"
		    "      app.kubernetes.io/instance: %s\n"
		    "  endpoints:\n"
		    "  - {port: metrics, path: /metrics}\n",
		    name);
}

void connector_kubernetes(struct strbuf *out, struct arena *arena, const struct connector_config *config)
{
	const char *name = connector_name(arena, config->tunnel);

	if (!name)
		name = "cloudflared";
	add_secret(out, arena, config, name);
	strbuf_adds(out, "apiVersion: apps/v1\nkind: Deployment\n");
	add_metadata(out, config, name, "");
	strbuf_adds(out, "spec:\n");
	if (config->autoscale < 0)
		strbuf_addf(out, "  replicas: %lld\n", (long long)config->replicas);
	add_pod_head(out, config, name);
	add_container(out, arena, config);
	add_budget(out, config, name);
	if (config->autoscale >= 0)
		add_autoscaler(out, config, name);
	if (config->service_monitor)
		add_monitor(out, config, name);
}

void connector_docker(struct strbuf *out, struct arena *arena, const struct connector_config *config)
{
	const char *name = connector_name(arena, config->tunnel);

	/* The value travels in the environment: arguments are visible to every user of the machine. */
	if (config->token)
		strbuf_addf(out, "export TUNNEL_TOKEN='%s'\n", config->token);
	else
		strbuf_addf(out, "export TUNNEL_TOKEN=\"$(adit token %s)\"\n", config->tunnel);
	strbuf_addf(out,
		    "docker run --detach --name %s --restart unless-stopped --read-only --cap-drop ALL \\\n"
		    "  --security-opt no-new-privileges --user 65532:65532 --env TUNNEL_TOKEN \\\n"
		    "  %s:%s tunnel --no-autoupdate --metrics 0.0.0.0:%lld run\n",
		    name ? name : "cloudflared", config->image, config->tag, (long long)config->metrics_port);
}

void connector_systemd(struct strbuf *out, struct arena *arena, const struct connector_config *config)
{
	const char *name = connector_name(arena, config->tunnel);

	if (!name)
		name = "cloudflared";
	if (config->token)
		strbuf_addf(out, "# /etc/cloudflared/%s.env (mode 0600):\n# TUNNEL_TOKEN=%s\n", name, config->token);
	else
		strbuf_addf(out,
			    "# The token belongs into /etc/cloudflared/%s.env (mode 0600), as root:\n"
			    "#   (umask 077; printf 'TUNNEL_TOKEN=%%s\\n' \"$(adit token %s)\" > /etc/cloudflared/%s.env)\n",
			    name, config->tunnel, name);
	strbuf_addf(out,
		    "# /etc/systemd/system/%s.service\n"
		    "[Unit]\n"
		    "Description=Cloudflare Tunnel connector for %s\n"
		    "After=network-online.target\n"
		    "Wants=network-online.target\n"
		    "\n"
		    "[Service]\n"
		    "Type=notify\n"
		    "EnvironmentFile=/etc/cloudflared/%s.env\n"
		    "ExecStart=/usr/bin/cloudflared tunnel --no-autoupdate --metrics 127.0.0.1:%lld run\n"
		    "Restart=on-failure\n"
		    "RestartSec=5s\n"
		    "TimeoutStopSec=60\n"
		    "DynamicUser=yes\n"
		    "ProtectSystem=strict\n"
		    "ProtectHome=yes\n"
		    "PrivateTmp=yes\n"
		    "NoNewPrivileges=yes\n"
		    "CapabilityBoundingSet=\n"
		    "\n"
		    "[Install]\n"
		    "WantedBy=multi-user.target\n",
		    name, config->tunnel, name, (long long)config->metrics_port);
}
