/** @file Failpoints of test builds. */
#include "base/failpoint.h"

#ifdef ADIT_TEST_BUILD
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/** What ADIT_TEST_FAILPOINT asks for. */
struct order {
	int signal;       /**< 0: nothing */
	char name[64];    /**< "": any */
	long at;
};

static struct order read_order(void)
{
	const char *text = getenv("ADIT_TEST_FAILPOINT");
	struct order order = { 0 };
	char action[8] = "";

	if (!text)
		return order;
	if (sscanf(text, "%7[a-z]:%ld", action, &order.at) != 2 &&
	    sscanf(text, "%7[a-z]:%63[a-z.]:%ld", action, order.name, &order.at) != 3)
		return order;
	order.signal = strcmp(action, "stop") ? SIGKILL : SIGSTOP;
	return order;
}

static void trace(const char *name)
{
	const char *path = getenv("ADIT_TEST_FAILPOINT_TRACE");
	char line[80];
	int fd, size;

	if (!path)
		return;
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	size = snprintf(line, sizeof(line), "%s\n", name);
	if (fd < 0 || write(fd, line, (size_t)size) != size)
		abort();
	close(fd);
}

void failpoint(const char *name)
{
	static long passed;
	const struct order order = read_order();

	trace(name);
	if (!order.signal || (*order.name && strcmp(order.name, name) != 0))
		return;
	if (++passed == order.at)
		kill(getpid(), order.signal);
}
#endif
