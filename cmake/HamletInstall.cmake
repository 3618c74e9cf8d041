# The program, the rooms as static libraries with their headers under include/hamlet/ (so that `#include "io/units.h"`
# works for others too), a CMake package (find_package(hamlet), hamlet::hamlet) and hamlet.pc.

include(CMakePackageConfigHelpers)

add_library(hamlet_all INTERFACE)
add_library(hamlet::hamlet ALIAS hamlet_all)
set_target_properties(hamlet_all PROPERTIES EXPORT_NAME hamlet)
target_link_libraries(hamlet_all INTERFACE hamlet_scheduler hamlet_hamiltonians hamlet_predictors hamlet_io)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/hamlet")
install(TARGETS hamlet RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(TARGETS hamlet_all hamlet_scheduler hamlet_hamiltonians hamlet_predictors hamlet_io EXPORT hamlet
        ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(DIRECTORY io hamiltonians predictors scheduler DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/hamlet"
        FILES_MATCHING PATTERN "*.h" PATTERN "*.def" PATTERN "*_internal.h" EXCLUDE)
if(NOT CMAKE_CROSSCOMPILING)
  set(manual_dir "${PROJECT_BINARY_DIR}/manual")
  install(DIRECTORY "${manual_dir}/" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1" FILES_MATCHING PATTERN "*.1")
  install(DIRECTORY "${manual_dir}/" DESTINATION "${CMAKE_INSTALL_MANDIR}/man5" FILES_MATCHING PATTERN "*.5")
  install(FILES "${manual_dir}/hamlet.bash" DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions" RENAME hamlet)
  install(FILES "${manual_dir}/_hamlet" DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/site-functions")
endif()
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}")
install(EXPORT hamlet NAMESPACE hamlet:: FILE hamlet-targets.cmake DESTINATION "${package_dir}")

configure_package_config_file(cmake/hamlet-config.cmake.in "${PROJECT_BINARY_DIR}/hamlet-config.cmake"
                              INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/hamlet-config-version.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/hamlet-config.cmake" "${PROJECT_BINARY_DIR}/hamlet-config-version.cmake"
        DESTINATION "${package_dir}")

# The MPI library has no pkg-config name of its own that every distribution shares: its flags go in as they are.
list(TRANSFORM MPI_C_INCLUDE_DIRS PREPEND "-I" OUTPUT_VARIABLE mpi_cflags)
list(JOIN mpi_cflags " " HAMLET_PC_MPI_CFLAGS)
list(JOIN MPI_C_LIBRARIES " " HAMLET_PC_MPI_LIBS)
file(RELATIVE_PATH HAMLET_PC_PREFIX "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" "${CMAKE_INSTALL_PREFIX}")
configure_file(cmake/hamlet.pc.in "${PROJECT_BINARY_DIR}/hamlet.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/hamlet.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
