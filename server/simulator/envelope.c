/* The JSON around every answer of the API. */
#include "server/simulator/envelope.h"

#include "base/json.h"
#include "base/str.h"

static void write_error(struct json_writer *w, int code, const char *message, int chain_code,
			const char *chain_message)
{
	json_begin_object(w);
	json_key_int(w, "code", code);
	json_key_string(w, "message", message);
	if (chain_code) {
		json_key(w, "error_chain");
		json_begin_array(w);
		write_error(w, chain_code, chain_message, 0, NULL);
		json_end_array(w);
	}
	json_end_object(w);
}

static void write_notes(struct json_writer *w, const struct call *call)
{
	const struct refusal *refusal = &call->refusal;

	json_key_bool(w, "success", !refusal->status);
	json_key(w, "errors");
	json_begin_array(w);
	if (refusal->status)
		write_error(w, refusal->code, refusal->message, refusal->chain_code, refusal->chain_message);
	if (refusal->status && refusal->second_code)
		write_error(w, refusal->second_code, refusal->second_message, 0, NULL);
	json_end_array(w);
	json_key(w, "messages");
	if (call->messages && !refusal->status) {
		json_value(w, call->messages);
		return;
	}
	json_begin_array(w);
	json_end_array(w);
}

static void write_result(struct json_writer *w, const struct call *call)
{
	json_key(w, "result");
	if (call->text.size && !call->refusal.status)
		json_raw(w, call->text.data, call->text.size);
	else if (call->result && !call->refusal.status)
		json_value(w, call->result);
	else
		json_null(w);
}

void envelope_write(const struct call *call, struct strbuf *out)
{
	bool result_first = str_has_prefix(call->request->path, "/client/v4/zones");
	struct json_writer w;

	strbuf_reserve(out, call->text.size);
	json_writer_init(&w, out, 0);
	json_begin_object(&w);
	if (result_first)
		write_result(&w, call);
	write_notes(&w, call);
	if (!result_first)
		write_result(&w, call);
	if (call->result_info && !call->refusal.status) {
		json_key(&w, "result_info");
		json_value(&w, call->result_info);
	}
	json_end_object(&w);
}
