/** @file
 * Failpoints: named places where a test build can be made to die or stop. In release builds there is nothing.
 *
 * Test builds (ADIT_TEST_BUILD) read ADIT_TEST_FAILPOINT, "kill:K" or "stop:K" (SIGKILL or SIGSTOP at the K-th failpoint
 * that is passed, counted from 1), or "kill:NAME:K" for the K-th pass of one; and ADIT_TEST_FAILPOINT_TRACE, a file that
 * each failpoint appends its name to, one a line. */
#ifndef ADIT_BASE_FAILPOINT_H
#define ADIT_BASE_FAILPOINT_H

#ifdef ADIT_TEST_BUILD
/** A boundary at which this process may die. @param name  "journal.begin.before"... */
void failpoint(const char *name);
#else
static inline void failpoint(const char *name)
{
	(void)name;
}
#endif

#endif
