/* Who runs adit: from CI's variables, else the system's. */
#include "cli/actor.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

/** Values that are no text count as none: not every store holds them. */
static const char *first_of(const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *value = getenv(names[i]);

		if (!str_is_empty(value) && str_is_utf8(value, strlen(value)))
			return value;
	}
	return NULL;
}

const char *actor_name(struct session *session)
{
	static const char *const users[] = {"GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BUILD_REQUESTEDFOR", "USER"};
	const char *user = first_of(users, sizeof(users) / sizeof(users[0])), *name;
	char host[256] = "";

	(void)gethostname(host, sizeof(host) - 1);
	name = user ? arena_printf(session->run.arena, "%s@%s", user, host)
		    : arena_printf(session->run.arena, "uid %u@%s", (unsigned)geteuid(), host);
	return str_or_empty(name);
}

const char *actor_commit(void)
{
	static const char *const commits[] = {"GITHUB_SHA", "CI_COMMIT_SHA", "GIT_COMMIT", "BITBUCKET_COMMIT", "BUILD_SOURCEVERSION"};

	return first_of(commits, sizeof(commits) / sizeof(commits[0]));
}
