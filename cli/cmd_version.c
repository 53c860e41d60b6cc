/* adit version: its own, and what it runs with. */
#include "cli/command.h"

#include <cJSON.h>
#include <idn2.h>
#include <nettle/version.h>
#include <sqlite3.h>
#include <stdio.h>
#include <xxhash.h>
#include <yaml.h>

#include "base/json.h"
#include "base/strbuf.h"
#include "cli/session.h"

/* Loaded when needed, which is not to tell its version: that of the build, from cli/CMakeLists.txt. */
struct dependency {
	const char *name;
	const char *version;
	bool is_lazy;
};

enum { LIBRARY_COUNT = 9 };

static enum rc find_libraries(struct arena *arena, struct dependency libraries[LIBRARY_COUNT])
{
	unsigned xxhash = XXH_versionNumber();
	const struct dependency found[LIBRARY_COUNT] = {
		{ "cJSON", cJSON_Version(), false },
		{ "libcurl", BUILT_WITH_LIBCURL, true },
		{ "libidn2", idn2_check_version(NULL), false },
		{ "libmicrohttpd", BUILT_WITH_MICROHTTPD, true },
		{ "libpq", BUILT_WITH_LIBPQ, true },
		{ "libyaml", yaml_get_version_string(), false },
		{ "nettle", arena_printf(arena, "%d.%d", nettle_version_major(), nettle_version_minor()), false },
		{ "sqlite", sqlite3_libversion(), false },
		{ "xxhash", arena_printf(arena, "%u.%u.%u", xxhash / 10000, xxhash / 100 % 100, xxhash % 100), false },
	};

	for (size_t i = 0; i < LIBRARY_COUNT; i++) {
		if (!found[i].version)
			return RC_NOMEM;
		libraries[i] = found[i];
	}
	return RC_OK;
}

static void print_json(struct strbuf *out, const struct dependency libraries[LIBRARY_COUNT])
{
	struct json_writer w;

	json_writer_init(&w, out, 2);
	json_begin_object(&w);
	json_key_string(&w, "version", ADIT_VERSION);
	json_key(&w, "libraries");
	json_begin_object(&w);
	for (size_t i = 0; i < LIBRARY_COUNT; i++)
		json_key_string(&w, libraries[i].name, libraries[i].version);
	json_end_object(&w);
	json_end_object(&w);
	strbuf_addc(out, '\n');
}

enum rc cmd_version(struct session *session)
{
	struct dependency libraries[LIBRARY_COUNT];
	struct strbuf out;
	enum rc rc = find_libraries(session->run.arena, libraries);

	if (rc)
		return rc;
	strbuf_init(&out, 0);
	if (session_is_json(session)) {
		print_json(&out, libraries);
	} else {
		strbuf_adds(&out, "adit " ADIT_VERSION "\n");
		for (size_t i = 0; i < LIBRARY_COUNT; i++)
			strbuf_addf(&out, "  %-14s %s%s\n", libraries[i].name, libraries[i].version,
				    libraries[i].is_lazy ? " (loaded when needed)" : "");
	}
	rc = strbuf_failed(&out) ? RC_NOMEM : RC_OK;
	session_write(session, out.data, out.size);
	strbuf_done(&out);
	return rc;
}
