/** @file
 * The way from generated manifests to a plan, and what must hold on it. Pure but for the memory; shared by the property
 * tests and the fuzzers. Functions that judge give NULL when all holds, else what does not (static or arena). */
#ifndef ADIT_TESTS_PROPERTY_PIPELINE_H
#define ADIT_TESTS_PROPERTY_PIPELINE_H

#include <stdbool.h>

#include "base/run.h"
#include "planner/plan.h"
#include "schema/object.h"
#include "tests/property/generator.h"

/** A project of one account, "main", with the Gateway class "cloudflare". @return NULL or why not */
const char *pipeline_project(struct arena *arena, struct project *ret_project);

/** Decode the manifests in their order or against it; each must be valid. @param objects zeroed by the caller */
const char *pipeline_decode(struct run *run, const struct generated *generated, bool backwards, struct objects *objects);

/** translate() for what is recorded. @param recorded NULL: nothing */
const char *pipeline_translate(struct run *run, const struct project *project, const struct objects *objects,
			       const struct recorded_state *recorded, struct desired **ret_desired);

/** The rendered documents and CNAMEs as one text, arena; each document must be acceptable to cloudflared. */
const char *pipeline_render(struct arena *arena, const struct desired *desired, char **ret_text);

/** plan_build() with every guard open. */
const char *pipeline_plan(struct run *run, const struct project *project, const struct desired *desired,
			  const struct recorded_state *recorded, const struct live *live, struct plan **ret_plan);

/** Written as a plan file and read, it is the same plan and makes the same documents. */
const char *pipeline_round_trip(struct run *run, const struct plan *plan);

#endif
