/* A small program with a fault that tests/alloc must catch: which one, its argument says. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int out_of_memory(void)
{
	fputs("error: out of memory\n", stderr);
	return 1;
}

/** What a careful program does. */
static int careful(void)
{
	char *text = malloc(100), *more;

	if (!text)
		return out_of_memory();
	more = malloc(100);
	free(text);
	if (!more)
		return out_of_memory();
	free(more);
	return 0;
}

/** The second allocation is not checked. */
static int careless(void)
{
	char *text = malloc(100), *more;

	if (!text)
		return out_of_memory();
	more = malloc(100);
	strcpy(more, "text");
	free(text);
	free(more);
	return 0;
}

/** When the second allocation fails, the first is lost. */
static int leaky(void)
{
	char *text = malloc(100), *more;

	if (!text)
		return out_of_memory();
	more = malloc(100);
	if (!more) {
		text = NULL;
		return out_of_memory();
	}
	free(text);
	free(more);
	return 0;
}

/** The failure is noticed and not told. */
static int silent(void)
{
	char *text = malloc(100);
	int code = text ? 0 : 1;

	free(text);
	return code;
}

/** The failure is noticed and makes the result another one. */
static int wrong(void)
{
	char *text = malloc(100);

	puts(text ? "all of it" : "half of it");
	free(text);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(void);
	} faults[] = {
		{"careful", careful}, {"careless", careless}, {"leaky", leaky}, {"silent", silent}, {"wrong", wrong},
	};

	(void)setvbuf(stdout, NULL, _IONBF, 0);
	for (size_t i = 0; argc == 2 && i < sizeof(faults) / sizeof(faults[0]); i++)
		if (!strcmp(argv[1], faults[i].name))
			return faults[i].run();
	return 64;
}
