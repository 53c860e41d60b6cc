/* bench/generate: a world of Gateways and HTTPRoutes in files. The same options give the same bytes. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define ROUTE_BYTES 450 /* one route's document at most, its separator counted */
#define NAMESPACES 200u
#define PATH_BYTES 4096
#define PERCENT 1000000u /* shares are kept in millionths */

/* What a route's number decides, beside what it is: one stream each, so that a share changes nothing else. */
enum stream { STREAM_WILDCARD, STREAM_PREFIX, STREAM_CHANGE };

struct world {
	const char *out, *url, *account, *token_env, *budget;
	uint64_t routes, gateways, zones, files, seed, share_percent;
	uint64_t wildcards, prefixes, changes; /* millionths of all routes */
	uint64_t changed_file; /* 1 + the only file whose routes change; 0: all of them */
};

static void fail(const char *what)
{
	fprintf(stderr, "generate: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* splitmix64 of the seed, the route and what is asked. */
static uint64_t draw(const struct world *world, uint64_t route, enum stream stream)
{
	uint64_t z = world->seed + (route * 4 + (uint64_t)stream + 1) * UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static bool chosen(const struct world *world, uint64_t route, enum stream stream, uint64_t share)
{
	return draw(world, route, stream) % PERCENT < share;
}

static FILE *create(const struct world *world, const char *name)
{
	char path[PATH_BYTES];
	FILE *file;

	if (snprintf(path, sizeof(path), "%s/%s", world->out, name) >= (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		fail(world->out);
	}
	file = fopen(path, "we");
	if (!file || setvbuf(file, NULL, _IOFBF, 1 << 18))
		fail(path);
	return file;
}

static void finish(FILE *file, const char *name)
{
	bool wrong = ferror(file);

	if (fclose(file) || wrong)
		fail(name);
}

static void make_folder(const struct world *world, const char *name)
{
	char path[PATH_BYTES];

	if (snprintf(path, sizeof(path), "%s%s", world->out, name) >= (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		fail(world->out);
	}
	if (mkdir(path, 0777) && errno != EEXIST)
		fail(path);
}

static void write_project(const struct world *world)
{
	FILE *file = create(world, "adit.yaml");

	fprintf(file,
		"apiVersion: adit.cnap.tech/v1\n"
		"kind: Project\n"
		"metadata:\n"
		"  name: bench\n"
		"spec:\n"
		"  accounts:\n"
		"  - name: main\n"
		"    url: \"%s\"\n"
		"    accountId: %s\n"
		"    tokenEnv: %s\n"
		"    gatewayClasses: [cloudflare]\n"
		"  budget:\n"
		"    calls: %s\n"
		"    share: %" PRIu64 "%%\n"
		"  sources:\n"
		"  - path: manifests/\n",
		world->url, world->account, world->token_env, world->budget, world->share_percent);
	finish(file, "adit.yaml");
}

static void write_gateways(const struct world *world)
{
	FILE *file = create(world, "manifests/gateways.yaml");

	for (uint64_t i = 0; i < world->gateways; i++) {
		fprintf(file,
			"%sapiVersion: gateway.networking.k8s.io/v1\n"
			"kind: Gateway\n"
			"metadata:\n"
			"  name: gw-%03" PRIu64 "\n"
			"  namespace: edge\n"
			"spec:\n"
			"  gatewayClassName: cloudflare\n"
			"  listeners:\n"
			"  - name: https\n"
			"    port: 443\n"
			"    protocol: HTTPS\n"
			"    tls:\n"
			"      certificateRefs:\n"
			"      - name: edge\n"
			"    allowedRoutes:\n"
			"      namespaces:\n"
			"        from: All\n",
			i ? "---\n" : "", i);
	}
	finish(file, "gateways.yaml");
}

/* One Service in each namespace, so that no port must be taken as given. */
static void write_services(const struct world *world)
{
	FILE *file = create(world, "manifests/services.yaml");

	for (uint64_t i = 0; i < NAMESPACES && i < world->routes; i++) {
		fprintf(file,
			"%sapiVersion: v1\n"
			"kind: Service\n"
			"metadata:\n"
			"  name: web\n"
			"  namespace: team-%03" PRIu64 "\n"
			"spec:\n"
			"  selector:\n"
			"    app: web\n"
			"  ports:\n"
			"  - name: blue\n"
			"    port: 8080\n"
			"  - name: green\n"
			"    port: 8081\n",
			i ? "---\n" : "", i);
	}
	finish(file, "services.yaml");
}

static bool is_changed(const struct world *world, uint64_t route, uint64_t in_file)
{
	return (!world->changed_file || world->changed_file - 1 == in_file) &&
	       chosen(world, route, STREAM_CHANGE, world->changes);
}

/* Wildcards of one zone differ in their paths alone, and one Gateway has them all: a hostname has one tunnel. */
static void write_route(const struct world *world, FILE *file, uint64_t route, uint64_t in_file)
{
	bool wildcard = chosen(world, route, STREAM_WILDCARD, world->wildcards);
	bool prefix = wildcard || chosen(world, route, STREAM_PREFIX, world->prefixes);
	uint64_t zone = route % world->zones;
	uint64_t gateway = (wildcard ? zone : route / world->zones) % world->gateways;
	char text[ROUTE_BYTES + 1], label[32] = "\"*", path[32] = "/";
	int length;

	if (!wildcard)
		snprintf(label, sizeof(label), "r%07" PRIu64, route);
	if (prefix)
		snprintf(path, sizeof(path), "/api/%07" PRIu64, route);
	length = snprintf(text, sizeof(text),
			  "apiVersion: gateway.networking.k8s.io/v1\n"
			  "kind: HTTPRoute\n"
			  "metadata:\n"
			  "  name: route-%07" PRIu64 "\n"
			  "  namespace: team-%03" PRIu64 "\n"
			  "spec:\n"
			  "  parentRefs:\n"
			  "  - name: gw-%03" PRIu64 "\n"
			  "    namespace: edge\n"
			  "    sectionName: https\n"
			  "  hostnames:\n"
			  "  - %s.zone-%02" PRIu64 ".example%s\n"
			  "  rules:\n"
			  "  - matches:\n"
			  "    - path:\n"
			  "        type: PathPrefix\n"
			  "        value: %s\n"
			  "    backendRefs:\n"
			  "    - name: web\n"
			  "      port: %d\n"
			  "---\n",
			  route, route % NAMESPACES, gateway, label, zone, wildcard ? "\"" : "", path,
			  is_changed(world, route, in_file) ? 8081 : 8080);
	if (length < 0 || length > ROUTE_BYTES) {
		errno = EOVERFLOW;
		fail("a route");
	}
	fwrite(text, 1, (size_t)length, file);
}

static void write_routes(const struct world *world)
{
	uint64_t route = 0;

	for (uint64_t i = 0; i < world->files; i++) {
		uint64_t end = (i + 1) * world->routes / world->files;
		char name[64];
		FILE *file;

		snprintf(name, sizeof(name), "manifests/routes-%06" PRIu64 ".yaml", i);
		file = create(world, name);
		for (; route < end; route++)
			write_route(world, file, route, i);
		finish(file, name);
	}
}

static uint64_t number(const char *name, const char *text, uint64_t least, uint64_t most)
{
	char *end;
	unsigned long long value;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || value < least || value > most) {
		fprintf(stderr, "generate: --%s takes a number from %" PRIu64 " to %" PRIu64 "\n", name, least, most);
		exit(64);
	}
	return value;
}

static uint64_t share(const char *name, const char *text)
{
	char *end;
	double percent = strtod(text, &end);

	if (end == text || *end || !(percent >= 0 && percent <= 100)) {
		fprintf(stderr, "generate: --%s takes a share from 0 to 100 percent\n", name);
		exit(64);
	}
	return (uint64_t)(percent * (PERCENT / 100) + 0.5);
}

static const char usage[] =
	"usage: generate --out DIR [--routes N] [--gateways G] [--zones Z] [--files F] [--seed S]\n"
	"                [--wildcards PERCENT] [--prefixes PERCENT] [--changes PERCENT] [--changed-file I]\n"
	"                [--url URL] [--account ID] [--token-env NAME] [--budget CALLS/WINDOW] [--share PERCENT]\n"
	"Zones are zone-00.example, zone-01.example and so on. --changes gives that share of the routes another\n"
	"backend port; with --changed-file only those of file I, counted from 0.\n";

static const struct option options[] = {
	{ "out", required_argument, NULL, 'o' },	{ "routes", required_argument, NULL, 'n' },
	{ "gateways", required_argument, NULL, 'g' },	{ "zones", required_argument, NULL, 'z' },
	{ "files", required_argument, NULL, 'f' },	{ "seed", required_argument, NULL, 's' },
	{ "wildcards", required_argument, NULL, 'w' },	{ "prefixes", required_argument, NULL, 'p' },
	{ "changes", required_argument, NULL, 'c' },	{ "changed-file", required_argument, NULL, 'i' },
	{ "url", required_argument, NULL, 'u' },	{ "account", required_argument, NULL, 'a' },
	{ "token-env", required_argument, NULL, 't' },	{ "budget", required_argument, NULL, 'b' },
	{ "share", required_argument, NULL, 'S' },	{ NULL, 0, NULL, 0 },
};

static void set_option(struct world *world, int letter, const char *value)
{
	switch (letter) {
	case 'o': world->out = value; break;
	case 'u': world->url = value; break;
	case 'a': world->account = value; break;
	case 't': world->token_env = value; break;
	case 'b': world->budget = value; break;
	case 'S': world->share_percent = number("share", value, 1, 100); break;
	case 'n': world->routes = number("routes", value, 0, 9999999); break;
	case 'g': world->gateways = number("gateways", value, 1, 1000); break;
	case 'z': world->zones = number("zones", value, 1, 1000); break;
	case 'f': world->files = number("files", value, 1, 1000000); break;
	case 's': world->seed = number("seed", value, 0, UINT64_MAX); break;
	case 'i': world->changed_file = number("changed-file", value, 0, 999999) + 1; break;
	case 'w': world->wildcards = share("wildcards", value); break;
	case 'p': world->prefixes = share("prefixes", value); break;
	case 'c': world->changes = share("changes", value); break;
	default: fputs(usage, stderr); exit(64);
	}
}

int main(int argc, char **argv)
{
	struct world world = {
		.url = "dev:", .account = "0123456789abcdef0123456789abcdef", .token_env = "BENCH_TOKEN",
		.budget = "1000000/300s", .share_percent = 100,
		.routes = 1000, .gateways = 50, .zones = 20, .files = 1, .seed = 1,
		.wildcards = PERCENT / 20, .prefixes = PERCENT / 4,
	};
	int letter;

	while ((letter = getopt_long(argc, argv, "", options, NULL)) != -1)
		set_option(&world, letter, optarg);
	if (!world.out || optind != argc) {
		fputs(usage, stderr);
		return 64;
	}
	make_folder(&world, "");
	make_folder(&world, "/manifests");
	write_project(&world);
	write_gateways(&world);
	write_services(&world);
	write_routes(&world);
	return 0;
}
