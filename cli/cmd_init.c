/* adit init: a project that works against the embedded simulator as it is. */
#include "cli/command.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "cli/session.h"

#define NOWHERE ((struct span){ 0 })
#define PROJECT_FILE "adit.yaml"
#define MANIFEST_FOLDER "manifests"
#define MANIFEST_FILE MANIFEST_FOLDER "/hello.yaml"

static const char project_text[] =
	"apiVersion: adit.cnap.tech/v1\n"
	"kind: Project\n"
	"metadata:\n"
	"  name: %s\n"
	"spec:\n"
	"  accounts:\n"
	"  - name: main\n"
	"    # dev: is a simulator inside adit. For real: \"cnap\" or https://api.cloudflare.com/client/v4,\n"
	"    # with accountId, and tokenEnv, the name of the variable that holds the token.\n"
	"    url: \"dev:\"\n"
	"    devZones: [example.com]\n"
	"    gatewayClasses: [cloudflare]\n"
	"  sources:\n"
	"  - path: " MANIFEST_FOLDER "/\n";

static const char manifest_text[] =
	"apiVersion: gateway.networking.k8s.io/v1\n"
	"kind: Gateway\n"
	"metadata:\n"
	"  name: web\n"
	"  namespace: edge\n"
	"spec:\n"
	"  gatewayClassName: cloudflare\n"
	"  listeners:\n"
	"  - name: https\n"
	"    port: 443\n"
	"    protocol: HTTPS\n"
	"    hostname: \"*.example.com\"\n"
	"    tls:\n"
	"      certificateRefs:\n"
	"      - name: example-com\n"
	"    allowedRoutes:\n"
	"      namespaces:\n"
	"        from: All\n"
	"---\n"
	"apiVersion: gateway.networking.k8s.io/v1\n"
	"kind: HTTPRoute\n"
	"metadata:\n"
	"  name: hello\n"
	"  namespace: hello\n"
	"spec:\n"
	"  parentRefs:\n"
	"  - name: web\n"
	"    namespace: edge\n"
	"  hostnames:\n"
	"  - hello.example.com\n"
	"  rules:\n"
	"  - backendRefs:\n"
	"    - name: hello\n"
	"      port: 8080\n"
	"---\n"
	"apiVersion: v1\n"
	"kind: Service\n"
	"metadata:\n"
	"  name: hello\n"
	"  namespace: hello\n"
	"spec:\n"
	"  selector:\n"
	"    app: hello\n"
	"  ports:\n"
	"  - port: 8080\n";

/** A project's name made of any text: what is not allowed becomes a dash. */
static char *name_from(struct arena *arena, const char *text)
{
	char *name = str_lower(arena, text);
	size_t used = 0;

	if (!name)
		return NULL;
	for (const char *c = name; *c && used < LIMIT_PROJECT_NAME_BYTES; c++) {
		bool fits = (*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9');

		if (fits || (used && name[used - 1] != '-'))
			name[used++] = fits ? *c : '-';
	}
	while (used && name[used - 1] == '-')
		used--;
	name[used] = '\0';
	return project_is_name(name) ? name : arena_strdup(arena, "default");
}

static enum rc choose_name(struct session *session, const char **ret_name)
{
	const struct string_list *arguments = &session->options.arguments;
	struct arena *arena = session->run.arena;
	char path[4096];

	if (arguments->count && !project_is_name(arguments->items[0])) {
		diag_add(&session->run.diags, SEVERITY_ERROR, "A0871", NOWHERE,
			 "\"%s\" is no project name: lower-case letters, digits and dashes, at most %u", arguments->items[0],
			 LIMIT_PROJECT_NAME_BYTES);
		session->verdict.usage = true;
		return RC_INVALID;
	}
	if (arguments->count)
		*ret_name = arguments->items[0];
	else if (getcwd(path, sizeof(path)))
		*ret_name = name_from(arena, strrchr(path, '/') + 1);
	else
		*ret_name = "default";
	return *ret_name ? RC_OK : RC_NOMEM;
}

static enum rc refuse_existing(struct session *session)
{
	static const char *const paths[] = { PROJECT_FILE, MANIFEST_FILE };
	enum rc rc = RC_OK;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct stat info;

		/* lstat(): a dangling link is in the way, too. */
		if (lstat(paths[i], &info))
			continue;
		diag_add(&session->run.diags, SEVERITY_ERROR, "A0870", NOWHERE, "%s exists already; nothing was written",
			 paths[i]);
		rc = RC_EXISTS;
	}
	return rc;
}

/** Create a file that is not there, whole or not at all. */
static enum rc write_new(struct session *session, const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	size_t size = strlen(text), written = 0;
	int fault = fd < 0 ? errno : 0;

	while (!fault && written < size) {
		ssize_t now = write(fd, text + written, size - written);

		if (now >= 0)
			written += (size_t)now;
		else if (errno != EINTR)
			fault = errno;
	}
	if (fd >= 0 && close(fd) && !fault)
		fault = errno;
	if (!fault)
		return RC_OK;
	if (fd >= 0)
		unlink(path);
	diag_add(&session->run.diags, SEVERITY_ERROR, "A0872", NOWHERE, "cannot write %s", path)->system_errno = fault;
	return RC_IO;
}

static enum rc make_folder(struct session *session)
{
	if (!mkdir(MANIFEST_FOLDER, 0777) || errno == EEXIST)
		return RC_OK;
	diag_add(&session->run.diags, SEVERITY_ERROR, "A0872", NOWHERE, "cannot write %s", MANIFEST_FOLDER)->system_errno =
		errno;
	return RC_IO;
}

enum rc cmd_init(struct session *session)
{
	const char *name;
	struct strbuf text;
	enum rc rc = choose_name(session, &name);

	if (!rc)
		rc = refuse_existing(session);
	if (rc)
		return rc;
	strbuf_init(&text, 0);
	strbuf_addf(&text, project_text, name);
	rc = strbuf_failed(&text) ? RC_NOMEM : make_folder(session);
	if (!rc)
		rc = write_new(session, PROJECT_FILE, text.data);
	if (!rc)
		rc = write_new(session, MANIFEST_FILE, manifest_text);
	strbuf_done(&text);
	if (!rc)
		session_printf(session,
			       "Wrote " PROJECT_FILE " (project %s) and " MANIFEST_FILE ".\n\n"
			       "Next:\n"
			       "  adit validate    check the manifests\n"
			       "  adit plan        show what would change, against the embedded simulator\n",
			       name);
	return rc;
}
