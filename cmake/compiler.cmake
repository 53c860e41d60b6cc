# Flags for every target of ours, through one INTERFACE library.
set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
include(CheckPIESupported)
check_pie_supported()

add_library(adit_flags INTERFACE)
target_include_directories(adit_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_definitions(adit_flags INTERFACE _GNU_SOURCE ADIT_VERSION="${PROJECT_VERSION}")
target_compile_options(adit_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-qual
  -Wpointer-arith -Wwrite-strings -Wvla -Wformat=2 -Wundef -Wnull-dereference
  -Wimplicit-fallthrough
  $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes>
  $<$<COMPILE_LANGUAGE:C>:-Wmissing-prototypes>
  $<$<C_COMPILER_ID:GNU>:-Wlogical-op>
  $<$<C_COMPILER_ID:GNU>:-Wduplicated-cond>
  $<$<C_COMPILER_ID:GNU>:-Wduplicated-branches>
  $<$<C_COMPILER_ID:Clang>:-Wcomma>
  $<$<C_COMPILER_ID:Clang>:-Wunreachable-code>
  $<$<C_COMPILER_ID:Clang>:-Wdocumentation>)
if(ADIT_WERROR)
  target_compile_options(adit_flags INTERFACE -Werror)
endif()
if(ADIT_TEST_BUILD)
  target_compile_definitions(adit_flags INTERFACE ADIT_TEST_BUILD=1)
endif()
if(ADIT_ARENA_MALLOC)
  target_compile_definitions(adit_flags INTERFACE ADIT_ARENA_MALLOC=1)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  set(CMAKE_C_FLAGS_RELEASE "-O2 -g1")
  set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
  include(CheckIPOSupported)
  check_ipo_supported(RESULT ADIT_HAS_IPO LANGUAGES C CXX)
  set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ${ADIT_HAS_IPO})
  target_compile_options(adit_flags INTERFACE
    -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection -fcf-protection)
  target_link_options(adit_flags INTERFACE -Wl,-z,relro,-z,now -Wl,--as-needed)
endif()
if(ADIT_SANITIZE)
  target_compile_options(adit_flags INTERFACE -fsanitize=${ADIT_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(adit_flags INTERFACE -fsanitize=${ADIT_SANITIZE})
endif()
if(ADIT_FUZZ)
  target_compile_options(adit_flags INTERFACE -fsanitize=fuzzer-no-link)
  target_compile_definitions(adit_flags INTERFACE ADIT_FUZZ=1)
endif()
if(ADIT_COVERAGE)
  target_compile_options(adit_flags INTERFACE --coverage -O0)
  target_link_options(adit_flags INTERFACE --coverage)
endif()

# adit_library(NAME SOURCES... [DEPENDS targets...]): one folder's static library, target adit_NAME.
function(adit_library name)
  cmake_parse_arguments(A "" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(adit_${name} STATIC ${A_SOURCES})
  target_link_libraries(adit_${name} PUBLIC adit_flags ${A_DEPENDS})
endfunction()

# adit_test(NAME SOURCES... [DEPENDS targets...]): a cmocka executable, registered with ctest.
function(adit_test name)
  cmake_parse_arguments(A "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(test_${name} ${A_SOURCES})
  target_link_libraries(test_${name} PRIVATE adit_flags ${A_DEPENDS} PkgConfig::CMOCKA)
  add_test(NAME ${name} COMMAND test_${name})
  set_tests_properties(${name} PROPERTIES LABELS unit TIMEOUT 300)
endfunction()
