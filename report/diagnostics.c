/* Diagnostics as text and as JSON. */
#include "report/diagnostics.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "report/excerpt.h"

#define BOLD "\033[1m"
#define RESET "\033[0m"
#define CARET_COLOR "\033[1;32m"

struct severity_style {
	const char *name, *color;
};

static const struct severity_style styles[] = {
	[SEVERITY_ERROR] = { "error", "\033[1;31m" },
	[SEVERITY_WARNING] = { "warning", "\033[1;33m" },
	[SEVERITY_NOTE] = { "note", "\033[1;36m" },
};

/** Where the text goes, and how. */
struct printer {
	struct strbuf *out;
	struct arena *arena;
	struct excerpt_cursor cursor;
	bool color;
};

static void add_styled(struct printer *p, const char *style, const char *text)
{
	if (p->color)
		strbuf_adds(p->out, style);
	strbuf_adds(p->out, text);
	if (p->color)
		strbuf_adds(p->out, RESET);
}

static const char *safe(struct arena *arena, const char *text, bool keep_newlines)
{
	const char *printable = text ? str_printable(arena, text, strlen(text), keep_newlines) : "";

	return printable ? printable : "";
}

/** " (HTTP 403, code 10000, No such file or directory)", without what the summary says already. */
static const char *cause_of(struct arena *arena, const struct diag *diag)
{
	const char *words = diag->system_errno ? strerrordesc_np(diag->system_errno) : NULL;
	struct strbuf cause;
	const char *text;

	strbuf_init(&cause, 0);
	if (diag->http_status)
		strbuf_addf(&cause, ", HTTP %d", diag->http_status);
	if (diag->provider_code)
		strbuf_addf(&cause, ", code %d", diag->provider_code);
	if (words && !strstr(diag->summary, words))
		strbuf_addf(&cause, ", %s", words);
	text = cause.size ? arena_printf(arena, " (%s)", strbuf_text(&cause) + 2) : NULL;
	strbuf_done(&cause);
	return text ? text : "";
}

/** The summary with the address before it, unless it names that itself, and the cause after it. */
static const char *sentence_of(struct arena *arena, const struct diag *diag)
{
	bool named = !diag->address || strstr(diag->summary, diag->address);
	char *text = arena_printf(arena, "%s%s%s%s", named ? "" : diag->address, named ? "" : ": ", diag->summary,
				  cause_of(arena, diag));

	return safe(arena, text ? text : diag->summary, false);
}

static void print_place(struct printer *p, const struct span *span)
{
	const char *name = safe(p->arena, span->text ? span->text->name : NULL, false);
	char *place = NULL;

	if (!span->text)
		return;
	if (span->line && span->column)
		place = arena_printf(p->arena, "%s:%u:%u:", name, (unsigned)span->line, (unsigned)span->column);
	else if (span->line)
		place = arena_printf(p->arena, "%s:%u:", name, (unsigned)span->line);
	else
		place = arena_printf(p->arena, "%s:", name);
	add_styled(p, BOLD, place ? place : name);
	strbuf_addc(p->out, ' ');
}

static void print_excerpt(struct printer *p, const struct span *span)
{
	struct excerpt excerpt;

	if (!excerpt_at(p->arena, &p->cursor, span, &excerpt))
		return;
	strbuf_addf(p->out, "%7u | %s%s\n", (unsigned)span->line, excerpt.before, excerpt.after);
	if (!span->column)
		return;
	strbuf_addf(p->out, "%7s | ", "");
	for (size_t i = 0; i < excerpt.before_columns; i++)
		strbuf_addc(p->out, ' ');
	add_styled(p, CARET_COLOR, "^");
	strbuf_addc(p->out, '\n');
}

static void print_diag(struct printer *p, const struct diag *diag)
{
	const struct severity_style *style = &styles[diag->severity];
	char *label = arena_printf(p->arena, "%s[%s]:", style->name, diag->code);

	print_place(p, &diag->span);
	add_styled(p, style->color, label ? label : style->name);
	strbuf_addf(p->out, " %s\n", sentence_of(p->arena, diag));
	print_excerpt(p, &diag->span);
	if (!str_is_empty(diag->help))
		strbuf_addf(p->out, "  help: %s\n", safe(p->arena, diag->help, true));
}

/** Decides which diagnostics are printed. */
struct choice {
	size_t room[3];             /**< by severity: errors take the room first */
	unsigned char seen[10000];  /**< by code: how often it was printed, errors apart */
};

static void share_room(const struct diags *diags, struct choice *choice)
{
	size_t counts[3] = { 0 }, left = DIAGNOSTICS_PRINTED;

	for (size_t i = 0; i < diags->count; i++)
		counts[diags->items[i].severity]++;
	for (size_t s = SEVERITY_ERROR; s <= SEVERITY_NOTE; s++) {
		choice->room[s] = counts[s] < left ? counts[s] : left;
		left -= choice->room[s];
	}
}

/** A warning or a note that says the same of ten thousand places says it of a few. */
static bool is_printed(struct choice *choice, const struct diag *diag)
{
	unsigned long code = strtoul(diag->code + 1, NULL, 10) % sizeof(choice->seen);

	if (!choice->room[diag->severity])
		return false;
	if (diag->severity != SEVERITY_ERROR && choice->seen[code] >= DIAGNOSTICS_OF_ONE_CODE)
		return false;
	choice->room[diag->severity]--;
	choice->seen[code]++;
	return true;
}

static void print_rest(struct strbuf *out, const size_t hidden[3], size_t dropped)
{
	size_t total = hidden[0] + hidden[1] + hidden[2] + dropped;
	const char *separator = " (";

	if (!total)
		return;
	strbuf_addf(out, "... and %zu more", total);
	for (size_t s = SEVERITY_ERROR; s <= SEVERITY_NOTE; s++) {
		if (!hidden[s])
			continue;
		strbuf_addf(out, "%s%zu %s%s", separator, hidden[s], styles[s].name, hidden[s] == 1 ? "" : "s");
		separator = ", ";
	}
	if (dropped)
		strbuf_addf(out, "%s%zu not kept", separator, dropped);
	strbuf_adds(out, ")\n");
}

void diagnostics_text(struct strbuf *out, const struct diags *diags, bool color)
{
	struct printer p = { .out = out, .arena = diags->arena, .color = color };
	struct choice choice = { 0 };
	size_t hidden[3] = { 0 };

	share_room(diags, &choice);
	for (size_t i = 0; i < diags->count; i++) {
		if (is_printed(&choice, &diags->items[i]))
			print_diag(&p, &diags->items[i]);
		else
			hidden[diags->items[i].severity]++;
	}
	print_rest(out, hidden, diags->dropped);
}

static void write_position(struct json_writer *w, const char *key, const struct span *span, size_t more, int64_t byte)
{
	json_key(w, key);
	json_begin_object(w);
	json_key_int(w, "line", span->line);
	json_key_int(w, "column", (int64_t)span->column + (int64_t)more);
	if (byte >= 0)
		json_key_int(w, "byte", byte + (int64_t)more);
	json_end_object(w);
}

/** terraform's members; the highlight is the one character that the place names. */
static void write_snippet(struct json_writer *w, const struct span *span, const struct excerpt *excerpt)
{
	size_t before = strlen(excerpt->before);
	struct strbuf code;

	strbuf_init(&code, 0);
	strbuf_addf(&code, "%s%s", excerpt->before, excerpt->after);
	json_key(w, "snippet");
	json_begin_object(w);
	json_key(w, "context");
	json_null(w);
	json_key_string(w, "code", strbuf_text(&code));
	json_key_int(w, "start_line", span->line);
	json_key_int(w, "highlight_start_offset", (int64_t)before);
	json_key_int(w, "highlight_end_offset", (int64_t)(before + (excerpt->after[0] ? 1 : 0)));
	json_key(w, "values");
	json_begin_array(w);
	json_end_array(w);
	json_end_object(w);
	strbuf_done(&code);
}

static void write_range(struct json_writer *w, struct printer *p, const struct span *span)
{
	struct excerpt excerpt = { 0 };
	bool found = excerpt_at(p->arena, &p->cursor, span, &excerpt);

	json_key(w, "range");
	json_begin_object(w);
	json_key_string(w, "filename", span->text->name);
	write_position(w, "start", span, 0, found ? (int64_t)excerpt.byte : -1);
	write_position(w, "end", span, 1, found ? (int64_t)excerpt.byte : -1);
	json_end_object(w);
	if (found)
		write_snippet(w, span, &excerpt);
}

static void write_diag(struct json_writer *w, struct printer *p, const struct diag *diag)
{
	json_begin_object(w);
	json_key_string(w, "severity", styles[diag->severity].name);
	json_key_string(w, "code", diag->code);
	json_key_string(w, "summary", sentence_of(p->arena, diag));
	if (!str_is_empty(diag->help))
		json_key_string(w, "detail", safe(p->arena, diag->help, true));
	if (diag->address)
		json_key_string(w, "address", safe(p->arena, diag->address, false));
	if (diag->http_status)
		json_key_int(w, "http_status", diag->http_status);
	if (diag->provider_code)
		json_key_int(w, "provider_code", diag->provider_code);
	if (diag->span.text)
		write_range(w, p, &diag->span);
	json_end_object(w);
}

void diagnostics_json(struct json_writer *w, const struct diags *diags)
{
	struct printer p = { .out = w->out, .arena = diags->arena };

	json_begin_array(w);
	for (size_t i = 0; i < diags->count; i++)
		write_diag(w, &p, &diags->items[i]);
	json_end_array(w);
}
