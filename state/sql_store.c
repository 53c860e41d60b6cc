/** @file What the SQL stores share beside their statements: the table of functions, and who we are to other processes. */
#include "state/sql.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/str.h"

#define DEFAULT_TTL_MS 60000

static void sql_close(struct store *store)
{
	struct sql_store *s = (struct sql_store *)store;

	sql_tunnel_unlock(store);
	sql_unlock(store);
	s->driver->close(s);
}

static const struct store_vt vt = {
	.keep_image = sql_keep_image,
	.load = sql_load,
	.list = sql_list,
	.lock = sql_lock,
	.heartbeat = sql_heartbeat,
	.unlock = sql_unlock,
	.lease = sql_lease,
	.break_lease = sql_break_lease,
	.begin = sql_begin,
	.commit = sql_commit,
	.commit_begin = sql_commit_begin,
	.open_intents = sql_open_intents,
	.run_begin = sql_run_begin,
	.run_end = sql_run_end,
	.runs = sql_runs,
	.run_read = sql_run_read,
	.suspend = sql_suspend,
	.gateways = sql_gateways,
	.slices = sql_slices,
	.tunnel_lock = sql_tunnel_lock,
	.tunnel_unlock = sql_tunnel_unlock,
	.budget_take = sql_budget_take,
	.export_document = sql_export,
	.import_document = sql_import,
	.close = sql_close,
};

void store_use_run(struct store *store, struct run *run)
{
	((struct sql_store *)store)->run = run;
}

/** What a pid belongs to: two containers on one machine have the same host name, perhaps, but not this.
 * "" where /proc does not tell. */
static const char *find_host_id(struct run *run)
{
	char kernel[64] = "", space[64] = "";
	ssize_t size;
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return "";
	size = read(fd, kernel, sizeof(kernel) - 1);
	close(fd);
	if (size <= 0 || readlink("/proc/self/ns/pid", space, sizeof(space) - 1) <= 0)
		return "";
	kernel[strcspn(kernel, "\n")] = '\0';
	return arena_printf(run->arena, "%s %s", kernel, space);
}

static enum rc find_names(struct sql_store *s, const struct store_options *options)
{
	const char *user = getenv("USER");
	struct arena *arena = s->run->arena;
	char host[256] = "";

	/* Names that are no text are in no database's texts. */
	if (gethostname(host, sizeof(host) - 1) < 0 || !*host || !str_is_utf8(host, strlen(host)))
		strcpy(host, "localhost");
	s->host = arena_strdup(arena, host);
	s->host_id = options->budget_only ? "" : find_host_id(s->run); /* no lease without */
	if (options->holder)
		s->holder = arena_strdup(arena, options->holder);
	else if (!str_is_empty(user) && str_is_utf8(user, strlen(user)))
		s->holder = arena_printf(arena, "%s@%s", user, host);
	else
		s->holder = arena_printf(arena, "uid %u@%s", (unsigned)geteuid(), host);
	return s->host && s->host_id && s->holder ? RC_OK : RC_NOMEM;
}

enum rc sql_store_init(struct sql_store *s, struct run *run, const struct sql_driver *driver,
		       const struct store_options *options)
{
	s->base.vt = &vt;
	s->driver = driver;
	s->run = run;
	s->read_only = options->read_only;
	s->budget_only = s->is_quiet = options->budget_only;
	s->ttl_ms = options->lease_ttl_ms > 0 ? options->lease_ttl_ms : DEFAULT_TTL_MS;
	s->history_runs = options->history_runs ? options->history_runs : LIMIT_HISTORY_RUNS;
	s->history_ms = options->history_ms ? options->history_ms : LIMIT_HISTORY_MS;
	s->snapshot_bytes = options->snapshot_bytes ? options->snapshot_bytes : LIMIT_SNAPSHOT_BYTES;
	s->base.project = arena_strdup(run->arena, options->project);
	return s->base.project ? find_names(s, options) : RC_NOMEM;
}
