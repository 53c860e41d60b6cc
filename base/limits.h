/** @file
 * Every limit of adit, by name. The manual page adit.yaml(5) lists the same numbers. */
#ifndef ADIT_BASE_LIMITS_H
#define ADIT_BASE_LIMITS_H

#define LIMIT_FILE_BYTES (512u * 1024 * 1024)   /**< one input file */
#define LIMIT_FILES 1000000u                    /**< files in one run */
#define LIMIT_PATH_DEPTH 64u                    /**< folders below one -f */
#define LIMIT_IGNORE_BYTES (64u * 1024)         /**< one .aditignore */
#define LIMIT_DEPTH 64u                         /**< nesting of YAML and JSON */
#define LIMIT_NODES 16000000u                   /**< YAML nodes in one document, aliases expanded */
#define LIMIT_INPUT_NODES 400000000u            /**< YAML nodes in one run */
#define LIMIT_ALIASES_PER_ANCHOR 100u           /**< expansions of one anchor */
#define LIMIT_SCALAR_BYTES (16u * 1024 * 1024)  /**< one scalar */
#define LIMIT_RULES 4000000u                    /**< rules in one run */
#define LIMIT_ANSWER_BYTES (64u * 1024 * 1024)  /**< one API answer */
#define LIMIT_PAGES 100000u                     /**< pages of one list */
#define LIMIT_DIAGS 10000u                      /**< diagnostics kept; the rest are counted */
#define LIMIT_ARENA_BYTES ((size_t)16 * 1024 * 1024 * 1024) /**< memory of one run */
#define LIMIT_REGEX_BYTES (64u * 1024)          /**< one path pattern */
#define LIMIT_REGEX_MEMORY (8 << 20)            /**< RE2's budget for one pattern, bytes */
#define LIMIT_REGEX_NESTING 200u                /**< groups in groups; Go allows 1000 tree levels, up to 4 a group */
#define LIMIT_TUNNEL_NAME_BYTES 100u            /**< rendered tunnel name */
#define LIMIT_COMMENT_BYTES 100u                /**< DNS comment; Cloudflare's Free plan allows no more */
#define LIMIT_PROJECT_NAME_BYTES 32u            /**< metadata.name of a Project */
#define LIMIT_HISTORY_RUNS 200u                 /**< runs that a state keeps */
#define LIMIT_HISTORY_MS 15552000000LL          /**< milliseconds that it keeps them: 180 days */
#define LIMIT_HISTORY_LEAST 10u                 /**< runs that it keeps however old they are */
#define LIMIT_SNAPSHOT_BYTES ((size_t)256 * 1024 * 1024) /**< desired states of runs that a project keeps, about */
#define LIMIT_SNAPSHOTS_LEAST 2u                /**< of these it keeps however large they are: the last, and the one before */
#define LIMIT_PLAN_BYTES (512u * 1024 * 1024)   /**< a plan file */

#endif
