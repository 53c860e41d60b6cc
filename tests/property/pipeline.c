/* From generated manifests to a plan. */
#include "tests/property/pipeline.h"

#include <string.h>

#include "base/str.h"
#include "planner/document.h"
#include "planner/planfile.h"
#include "schema/decode.h"
#include "schema/translate.h"
#include "tests/schema/cloudflared_rules.h"

static const char no_memory[] = "memory is used up";

const char *pipeline_project(struct arena *arena, struct project *ret_project)
{
	static const char *classes[] = {"cloudflare"};

	project_init(ret_project);
	ret_project->name = "lab";
	ret_project->accounts = arena_array(arena, 1, sizeof(struct account));
	if (!ret_project->accounts)
		return no_memory;
	ret_project->accounts[0] = (struct account){.name = "main", .gateway_classes = classes, .gateway_class_count = 1};
	ret_project->account_count = 1;
	return NULL;
}

/** What the first error says, after @p what. */
static const char *say(struct run *run, const char *what)
{
	for (size_t i = 0; i < run->diags.count; i++)
		if (run->diags.items[i].severity == SEVERITY_ERROR)
			return arena_printf(run->arena, "%s: %s", what, run->diags.items[i].summary);
	return what;
}

const char *pipeline_decode(struct run *run, const struct generated *generated, bool backwards, struct objects *objects)
{
	struct decoder *decoder = NULL;
	enum rc rc = decode_open(run->arena, &run->diags, objects, &decoder);

	for (size_t i = 0; !rc && i < generated->count; i++) {
		const struct strbuf *document = &generated->documents[backwards ? generated->count - 1 - i : i];
		struct text *text = arena_alloc(run->arena, sizeof(*text));

		if (!text)
			return no_memory;
		*text = (struct text){.name = arena_printf(run->arena, "%zu.yaml", i),
				      .bytes = arena_memdup(run->arena, document->data, document->size), .size = document->size};
		rc = decode_text(decoder, text, NULL);
	}
	if (!rc)
		rc = decode_finish(decoder);
	decode_close(decoder);
	if (rc)
		return say(run, "the manifests cannot be decoded");
	return objects->invalid_count ? say(run, "the generator made an invalid document") : NULL;
}

/** Who is recorded, as translate() wants to know it. */
static enum rc find_owners(struct map *owners, const struct recorded_state *recorded)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < recorded->count; i++) {
		const struct resource *resource = recorded->items[i].resource;
		const char *owner = resource->kind == RESOURCE_RULE ? resource->origin.object : resource->tunnel;

		if (resource->kind != RESOURCE_TUNNEL && owner)
			rc = map_put(owners, resource->address, (void *)(uintptr_t)owner, NULL);
	}
	return rc;
}

const char *pipeline_translate(struct run *run, const struct project *project, const struct objects *objects,
			       const struct recorded_state *recorded, struct desired **ret_desired)
{
	struct translate_input input = {.project = project, .objects = objects};
	struct map owners;

	map_init(&owners, run->arena);
	if (recorded && find_owners(&owners, recorded))
		return no_memory;
	input.recorded = &owners;
	if (translate(run->arena, &run->diags, &input, ret_desired))
		return say(run, "the manifests cannot be translated");
	return NULL;
}

static const char *render_tunnel(struct arena *arena, const struct desired_tunnel *tunnel, struct strbuf *out)
{
	struct json *config = NULL;
	const char *fault;

	if (translate_document(arena, tunnel, &config))
		return no_memory;
	fault = cloudflared_refusal(arena, config);
	if (fault)
		return arena_printf(arena, "cloudflared would refuse %s: %s", tunnel->tunnel->address, fault);
	strbuf_adds(out, tunnel->tunnel->address);
	json_write_canonical(out, config);
	return NULL;
}

const char *pipeline_render(struct arena *arena, const struct desired *desired, char **ret_text)
{
	const char *why = NULL;
	struct strbuf out;

	strbuf_init(&out, 0);
	for (size_t i = 0; !why && i < desired->tunnel_count; i++)
		why = render_tunnel(arena, &desired->tunnels[i], &out);
	for (size_t i = 0; i < desired->cname_count; i++)
		strbuf_addf(&out, "%s %s\n", desired->cnames[i].cname->address, desired->cnames[i].cname->tunnel);
	*ret_text = arena_strdup(arena, strbuf_text(&out));
	strbuf_done(&out);
	return why || *ret_text ? why : no_memory;
}

/** Workers change nothing. */
static const char *compare_plans(struct run *run, const struct plan *a, const struct plan *b)
{
	struct strbuf of_a, of_b;
	const char *why = NULL;

	strbuf_init(&of_a, 0);
	strbuf_init(&of_b, 0);
	if (planfile_write(a, &of_a) || planfile_write(b, &of_b))
		why = say(run, "a plan cannot be written");
	else if (!str_eq(strbuf_text(&of_a), strbuf_text(&of_b)))
		why = "several workers made another plan than one";
	strbuf_done(&of_a);
	strbuf_done(&of_b);
	return why;
}

const char *pipeline_plan(struct run *run, const struct project *project, const struct desired *desired,
			  const struct recorded_state *recorded, const struct live *live, struct plan **ret_plan)
{
	static const char *everything[] = {"*"};
	struct plan_options options = {.overrides = {.max_deletes = 1000, .max_delete_percent = 100, .max_rule_percent = 100,
						     .allow_empty = true, .allow_loss = everything, .allow_loss_count = 1}};
	struct plan_input input = {.project = project, .desired = desired, .recorded = recorded, .live = live, .options = &options};
	struct plan *alone = NULL;
	const char *why;

	options.workers = 1;
	if (plan_build(run->arena, &run->diags, &input, &alone))
		return say(run, "there is no plan");
	options.workers = 3;
	if (plan_build(run->arena, &run->diags, &input, ret_plan))
		return say(run, "there is no plan with several workers");
	why = compare_plans(run, alone, *ret_plan);
	if (why)
		return why;
	if (plan_is_refused(*ret_plan))
		return "the plan is refused";
	return (*ret_plan)->unknown_count ? "the plan has unknowns" : NULL;
}

/** @param out  what was written, for the caller to free also when this fails */
static const char *write_and_read(struct run *run, const struct plan *plan, struct strbuf *out, struct plan **ret_read)
{
	struct text text = {.name = "plan.json"};

	if (planfile_write(plan, out))
		return "the plan cannot be written";
	text.bytes = arena_memdup(run->arena, out->data, out->size);
	text.size = out->size;
	if (!text.bytes)
		return no_memory;
	return planfile_read(run->arena, &run->diags, &text, ret_read) ? say(run, "the plan cannot be read") : NULL;
}

/** Both plans make the same documents, were there none before. */
static const char *compare_documents(struct arena *arena, const struct plan *plan, const struct plan *read)
{
	for (size_t i = 0; i < plan->tunnel_count; i++) {
		struct json *one = NULL, *other = NULL;

		if (document_build(arena, plan, plan->tunnels[i], NULL, NULL, NULL, &one) ||
		    document_build(arena, read, read->tunnels[i], NULL, NULL, NULL, &other))
			return no_memory;
		if (plan->tunnels[i]->needs_put && !str_eq(document_fingerprint(arena, one), document_fingerprint(arena, other)))
			return arena_printf(arena, "the plan that was read makes another document of %s", plan->tunnels[i]->address);
	}
	return NULL;
}

const char *pipeline_round_trip(struct run *run, const struct plan *plan)
{
	struct plan *read = NULL;
	struct strbuf out;
	const char *why;

	strbuf_init(&out, 0);
	why = write_and_read(run, plan, &out, &read);
	strbuf_done(&out);
	if (why)
		return why;
	if (!str_eq(read->digest, plan->digest) || read->calls != plan->calls)
		return "the plan that was read is another one";
	if (read->change_count != plan->change_count || read->tunnel_count != plan->tunnel_count)
		return "the plan that was read lacks something";
	return compare_documents(run->arena, plan, read);
}
