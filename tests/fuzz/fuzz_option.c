/* Command lines, whatever they are: one argument a line. */
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/option.h"
#include "tests/fuzz/fuzz.h"

#define ARGUMENTS_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *arguments[ARGUMENTS_MAX + 2] = {(char *)(uintptr_t) "adit"};
	char *text = malloc(size + 1), *rest = text, *word;
	struct options options;
	struct run run;
	int count = 1;
	enum rc rc;

	if (!text || run_init(&run)) {
		free(text);
		return 0;
	}
	memcpy(text, data, size);
	text[size] = '\0';
	while (count <= ARGUMENTS_MAX && (word = strsep(&rest, "\n")))
		arguments[count++] = word;
	rc = options_parse(&run, count, arguments, &options);
	if (rc == RC_INVALID && !run.diags.error_count)
		abort(); /* refused without a word */
	if (!rc && (!options.command || (options.command->formats && !options.output)))
		abort();
	run_done(&run);
	free(text);
	return 0;
}
