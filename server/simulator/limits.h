/** @file
 * The simulator's own bounds on what a caller can make it hold. */
#ifndef ADIT_SERVER_SIMULATOR_LIMITS_H
#define ADIT_SERVER_SIMULATOR_LIMITS_H

#define SIMULATOR_BODY_BYTES (16u * 1024 * 1024)            /**< one request body */
#define SIMULATOR_URI_BYTES (16u * 1024)                    /**< path and query of one request */
#define SIMULATOR_CALL_BYTES ((size_t)512 * 1024 * 1024)    /**< memory of one call */
#define SIMULATOR_PARAMS 64u                                /**< query parameters of one request */
#define SIMULATOR_CONNECTIONS 128u                          /**< client connections at a time */
#define SIMULATOR_IDLE_SECONDS 120u                         /**< silence after which a connection is closed */
#define SIMULATOR_LOG_BYTES ((size_t)128 * 1024 * 1024)     /**< request log; the oldest entries give way */
#define SIMULATOR_RATE_CALLS 1000000                        /**< largest calls of a rate limit */
#define SIMULATOR_RATE_WINDOW_MS (INT64_C(24) * 3600 * 1000) /**< longest window of a rate limit */
#define SIMULATOR_RECORDS 1000000                           /**< largest record limit */
#define SIMULATOR_LATENCY_MS (INT64_C(10) * 60 * 1000)      /**< longest latency */
#define SIMULATOR_FAULTS 64u                                /**< faults at a time */
#define SIMULATOR_FAULT_BYTES 300u                          /**< one fault's text */
#define SIMULATOR_FAULT_MS (INT64_C(24) * 3600 * 1000)      /**< longest time in a fault */
#define SIMULATOR_SNAPSHOTS 16u                             /**< copies of the data that are kept */
#define SIMULATOR_CONNECTORS 25                             /**< connectors per tunnel, as Cloudflare allows */

#endif
