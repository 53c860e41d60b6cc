/** @file Diagnostics as values. */
#include "base/diag.h"

#include <stdarg.h>

#include "base/limits.h"
#include "base/sort.h"
#include "base/str.h"

void diags_init(struct diags *diags, struct arena *arena)
{
	*diags = (struct diags){ .arena = arena };
}

static size_t *counter_of(struct diags *diags, enum severity severity)
{
	switch (severity) {
	case SEVERITY_ERROR: return &diags->error_count;
	case SEVERITY_WARNING: return &diags->warning_count;
	case SEVERITY_NOTE: break;
	}
	return &diags->note_count;
}

/* In a full list: something less than an error, to be replaced by one. */
static struct diag *find_victim(struct diags *diags)
{
	while (diags->next_victim < diags->count) {
		struct diag *diag = &diags->items[diags->next_victim++];

		if (diag->severity != SEVERITY_ERROR)
			return diag;
	}
	return NULL;
}

static struct diag *find_room(struct diags *diags, enum severity severity)
{
	struct diag *items;

	if (diags->count >= LIMIT_DIAGS) {
		diags->dropped++;
		return severity == SEVERITY_ERROR ? find_victim(diags) : NULL;
	}
	items = arena_grow(diags->arena, diags->items, diags->count, &diags->capacity, sizeof(*items));
	if (!items) {
		diags->dropped++;
		return NULL;
	}
	diags->items = items;
	return &items[diags->count++];
}

struct diag *diag_add(struct diags *diags, enum severity severity, const char *code, struct span span,
		      const char *format, ...)
{
	struct diag *diag = find_room(diags, severity);
	va_list args;

	++*counter_of(diags, severity);
	if (!diag)
		diag = &diags->scratch;
	*diag = (struct diag){ .severity = severity, .code = code, .span = span, .summary = "" };
	if (diag == &diags->scratch)
		return diag;
	va_start(args, format);
	diag->summary = arena_vprintf(diags->arena, format, args);
	va_end(args);
	if (!diag->summary)
		diag->summary = "(no memory left for the message)";
	return diag;
}

void diags_append(struct diags *diags, const struct diags *from)
{
	for (size_t i = 0; i < from->count; i++) {
		struct diag *diag = find_room(diags, from->items[i].severity);

		if (diag)
			*diag = from->items[i];
	}
	diags->error_count += from->error_count;
	diags->warning_count += from->warning_count;
	diags->note_count += from->note_count;
	diags->dropped += from->dropped;
}

void diag_help(struct diags *diags, struct diag *diag, const char *format, ...)
{
	va_list args;

	if (diag == &diags->scratch)
		return;
	va_start(args, format);
	diag->help = arena_vprintf(diags->arena, format, args);
	va_end(args);
}

void diag_address(struct diags *diags, struct diag *diag, const char *address)
{
	if (diag != &diags->scratch)
		diag->address = address ? arena_strdup(diags->arena, address) : NULL;
}

static int compare_ints(int a, int b)
{
	return (a > b) - (a < b);
}

static int compare_texts(const struct diag *a, const struct diag *b)
{
	int order = str_compare(a->code, b->code);

	if (!order)
		order = str_compare(a->address, b->address);
	if (!order)
		order = str_compare(a->summary, b->summary);
	if (!order)
		order = str_compare(a->help, b->help);
	return order;
}

static int compare(const void *left, const void *right)
{
	const struct diag *a = left, *b = right;
	int order = span_compare(&a->span, &b->span);

	if (!order)
		order = compare_ints((int)a->severity, (int)b->severity);
	if (!order)
		order = compare_texts(a, b);
	if (!order)
		order = compare_ints(a->http_status, b->http_status);
	if (!order)
		order = compare_ints(a->provider_code, b->provider_code);
	if (!order)
		order = compare_ints(a->system_errno, b->system_errno);
	return order;
}

void diags_sort(struct diags *diags)
{
	size_t kept = 0;

	sort_items(diags->items, diags->count, sizeof(*diags->items), compare);
	for (size_t i = 0; i < diags->count; i++) {
		if (kept && compare(&diags->items[kept - 1], &diags->items[i]) == 0)
			--*counter_of(diags, diags->items[i].severity);
		else
			diags->items[kept++] = diags->items[i];
	}
	diags->count = kept;
	diags->next_victim = 0;
}
