# What `cmake --install` puts where: headers, both libraries, the command, and the two descriptions
# (CMake package, pkg-config module) by which others find them. All paths in them are relative: an
# installed tree may be moved.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/nacre)
install(TARGETS nacre_shared EXPORT nacreShared FILE_SET HEADERS
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS nacre_static EXPORT nacreStatic FILE_SET HEADERS
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
foreach(library Shared Static)
  install(EXPORT nacre${library} FILE nacre${library}Targets.cmake
    NAMESPACE nacre:: DESTINATION ${package_dir})
endforeach()
if(TARGET nacre_tool)
  install(TARGETS nacre_tool RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/NOTICE
  DESTINATION ${CMAKE_INSTALL_DOCDIR})

string(REPLACE ";" " " NACRE_LINKED_MODULES "${NACRE_LINKED_MODULES}")
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/nacreConfig.cmake.in
  ${PROJECT_BINARY_DIR}/nacreConfig.cmake INSTALL_DESTINATION ${package_dir}
  NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/nacreConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/nacreConfig.cmake ${PROJECT_BINARY_DIR}/nacreConfigVersion.cmake
  DESTINATION ${package_dir})

set(module_dir ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig)
set(prefix_from_module ${CMAKE_INSTALL_PREFIX})
cmake_path(RELATIVE_PATH prefix_from_module BASE_DIRECTORY ${module_dir})
configure_file(${CMAKE_CURRENT_LIST_DIR}/nacre.pc.in ${PROJECT_BINARY_DIR}/nacre.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/nacre.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
