# Makes a source file of functions that give the bytes of files, to be declared in HEADER:
#   cmake -DHEADER=x/embedded.h -DNAMESPACE=a::b -DOUTPUT=embedded.cc -DFILES="name=path;…" -P embed.cmake
set(CODE "// Generated.\n#include \"${HEADER}\"\n\nnamespace ${NAMESPACE} {\n")
foreach(FILE ${FILES})
  string(REGEX MATCH "^([a-z_]+)=(.*)$" PARTS "${FILE}")
  set(NAME ${CMAKE_MATCH_1})
  file(READ ${CMAKE_MATCH_2} BYTES HEX)
  string(REGEX REPLACE "(..)" "'\\\\x\\1'," BYTES "${BYTES}")
  string(APPEND CODE "
std::string_view ${NAME}() {
  static constexpr char kBytes[] = {${BYTES}};
  return {kBytes, sizeof(kBytes)};
}
")
endforeach()
file(WRITE ${OUTPUT} "${CODE}\n}  // namespace ${NAMESPACE}\n")
