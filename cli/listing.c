/* Lists of what the manifests ask for and do not get. */
#include "cli/listing.h"

#include "base/str.h"

const char *listing_place(struct session *session, const struct span *span)
{
	const char *place;

	if (!span->text)
		return "";
	if (!span->line)
		return session_printable(session, span->text->name);
	place = arena_printf(session->run.arena, "%s:%u:%u", session_printable(session, span->text->name),
			     (unsigned)span->line, (unsigned)span->column);
	return place ? place : "";
}

static void print_refusals(struct session *session, const struct desired *desired)
{
	session_printf(session, "\nRefused, because a tunnel cannot express it (%zu):\n", desired->refusal_count);
	for (size_t i = 0; i < desired->refusal_count && i < LISTING_PRINTED; i++) {
		const struct refusal *refusal = &desired->refusals[i];

		session_printf(session, "  %s: %s: %s: %s\n", listing_place(session, &refusal->span),
			       session_printable(session, refusal->object), session_printable(session, refusal->feature),
			       session_printable(session, refusal->effect));
		if (!str_is_empty(refusal->reason))
			session_printf(session, "      %s\n", session_printable(session, refusal->reason));
	}
	if (desired->refusal_count > LISTING_PRINTED)
		session_printf(session, "  ... and %zu more\n", desired->refusal_count - LISTING_PRINTED);
}

static void print_unattached(struct session *session, const struct desired *desired)
{
	session_printf(session, "\nAttached to nothing (%zu):\n", desired->unattached_count);
	for (size_t i = 0; i < desired->unattached_count && i < LISTING_PRINTED; i++) {
		const struct unattached *route = &desired->unattached[i];

		session_printf(session, "  %s: %s: %s: %s\n", listing_place(session, &route->span),
			       session_printable(session, route->object), session_printable(session, route->parent),
			       session_printable(session, route->reason));
		if (!str_is_empty(route->message))
			session_printf(session, "      %s\n", session_printable(session, route->message));
	}
	if (desired->unattached_count > LISTING_PRINTED)
		session_printf(session, "  ... and %zu more\n", desired->unattached_count - LISTING_PRINTED);
}

void listing_print(struct session *session, const struct desired *desired)
{
	if (desired->refusal_count)
		print_refusals(session, desired);
	if (desired->unattached_count)
		print_unattached(session, desired);
}

void listing_place_json(struct json_writer *w, const struct span *span)
{
	if (!span->text)
		return;
	json_key_string(w, "file", span->text->name);
	if (span->line)
		json_key_int(w, "line", span->line);
	if (span->column)
		json_key_int(w, "column", span->column);
}

void listing_json(struct json_writer *w, const struct desired *desired)
{
	json_key(w, "refused");
	json_begin_array(w);
	for (size_t i = 0; desired && i < desired->refusal_count; i++) {
		const struct refusal *refusal = &desired->refusals[i];

		json_begin_object(w);
		json_key_string(w, "object", refusal->object);
		json_key_string(w, "feature", refusal->feature);
		json_key_string(w, "effect", refusal->effect);
		json_key_string(w, "reason", refusal->reason);
		listing_place_json(w, &refusal->span);
		json_end_object(w);
	}
	json_end_array(w);
	json_key(w, "unattached");
	json_begin_array(w);
	for (size_t i = 0; desired && i < desired->unattached_count; i++) {
		const struct unattached *route = &desired->unattached[i];

		json_begin_object(w);
		json_key_string(w, "object", route->object);
		json_key_string(w, "parent", route->parent);
		json_key_string(w, "reason", route->reason);
		json_key_string(w, "message", route->message);
		listing_place_json(w, &route->span);
		json_end_object(w);
	}
	json_end_array(w);
}

enum rc listing_write(struct session *session, struct strbuf *out)
{
	enum rc rc = strbuf_failed(out) ? RC_NOMEM : RC_OK;

	if (!rc)
		session_write(session, out->data, out->size);
	strbuf_done(out);
	return rc;
}
