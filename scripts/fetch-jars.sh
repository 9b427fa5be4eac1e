# What the scripts have in common that fetch programs in Java: sourced behind
# fetch-frame.sh. The jars come from Maven Central, or from where this user's
# Maven gets them, and Maven checks each. The script sets
#   title      what is fetched and its version, for people,
#   artifacts  the jars that are asked for, GROUP:NAME:VERSION each; what they
#              need comes with them,
#   megabytes  how much that is, about,
# and defines
#   try  runs something of "$work/root/libs" that shows that it runs on this Java.

# The oldest Java that runs the programs.
readonly JAVA_MINIMUM=17

# The version of Maven's plugin that copies jars.
readonly COPIER=3.8.1

help() {
  say "$title needs Java $JAVA_MINIMUM or newer, and Maven to fetch it: sudo apt-get install default-jdk-headless maven"
}

require_tools() { need "is not installed, or not on PATH" java mvn flock realpath mktemp; }

fetch_into() {
  download
  try >"$work/log" 2>&1 || show_log_and_die "$title does not run on this Java: $(java -version 2>&1 | head -n 1)"
  printf '%s\n' "$title" >"$work/root/.fetched"
}

# download puts the jars into "$work/root/libs".
download() {
  say "downloading $title (about $megabytes MB)"
  project >"$work/pom.xml"
  mvn --batch-mode --quiet --strict-checksums --file "$work/pom.xml" \
    "org.apache.maven.plugins:maven-dependency-plugin:$COPIER:copy-dependencies" \
    -DincludeScope=runtime -DoutputDirectory="$work/root/libs" \
    >"$work/log" 2>&1 || show_log_and_die "$title cannot be downloaded"
}

# project prints what Maven is to fetch.
project() {
  cat <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>telltale</groupId>
  <artifactId>$name</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
POM
  local artifact group id version
  for artifact in "${artifacts[@]}"; do
    IFS=: read -r group id version <<<"$artifact"
    printf '    <dependency><groupId>%s</groupId><artifactId>%s</artifactId><version>%s</version></dependency>\n' \
      "$group" "$id" "$version"
  done
  cat <<POM
  </dependencies>
</project>
POM
}
