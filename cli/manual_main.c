/* Writes the manual pages of section 1 into the folder that it is given. A tool of the build, not installed. */
#include <stdio.h>

#include "base/run.h"
#include "base/strbuf.h"
#include "base/file.h"
#include "cli/manual.h"

/** Write one page, or say why not; empties @p page. */
static int write_page(struct run *run, const char *folder, const char *name, struct strbuf *page)
{
	char *path = arena_printf(run->arena, "%s/%s.1", folder, name);
	enum rc rc = !path || strbuf_failed(page)
			     ? RC_NOMEM
			     : file_write_atomic(&run->diags, path, page->data, page->size, 0644);

	if (rc)
		fprintf(stderr, "%s: %s\n", name, run->diags.count ? run->diags.items[0].summary : rc_name(rc));
	strbuf_reset(page);
	return rc ? 1 : 0;
}

static int write_pages(struct run *run, const char *folder)
{
	struct strbuf page, name;
	int failed;

	strbuf_init(&page, 0);
	strbuf_init(&name, 0);
	manual_overview(&page);
	failed = write_page(run, folder, "adit", &page);
	for (size_t i = 0; !failed && i < command_count; i++) {
		strbuf_reset(&name);
		manual_name(&name, &command_table[i]);
		manual_command(&page, &command_table[i]);
		failed = write_page(run, folder, strbuf_text(&name), &page);
	}
	strbuf_done(&page);
	strbuf_done(&name);
	return failed;
}

int main(int argc, char **argv)
{
	struct run run;
	int failed;

	if (argc != 2) {
		fputs("usage: adit_manual FOLDER\n", stderr);
		return 64;
	}
	if (run_init(&run))
		return 1;
	failed = write_pages(&run, argv[1]);
	run_done(&run);
	return failed;
}
