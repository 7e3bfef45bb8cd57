package io.clipstream;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Which package may use which: the README's map of folders, held. */
class ArchitectureTest {
  private static final String ROOT = "io.clipstream.";

  /**
   * For each package (with those below it) the others that it may use. {@code streams.cli} stands
   * at the top and uses all.
   */
  private static final Map<String, List<String>> ARROWS =
      Map.ofEntries(
          Map.entry("schemas", List.of()),
          Map.entry("model", List.of()),
          Map.entry("trainer", List.of("schemas", "model")),
          Map.entry("streams.outcome", List.of("schemas", "model")),
          Map.entry("streams.intake", List.of("model")),
          Map.entry("streams.http", List.of("model")),
          Map.entry(
              "streams.classify", List.of("streams.intake", "streams.outcome", "schemas", "model")),
          Map.entry(
              "streams.topology",
              List.of("streams.classify", "streams.intake", "streams.outcome", "schemas", "model")),
          Map.entry(
              "streams.live", List.of("streams.classify", "streams.outcome", "schemas", "model")),
          Map.entry(
              "streams.metrics",
              List.of(
                  "streams.classify",
                  "streams.http",
                  "streams.intake",
                  "streams.outcome",
                  "schemas",
                  "model")),
          Map.entry(
              "streams.tracing",
              List.of("streams.classify", "streams.outcome", "schemas", "model")),
          Map.entry(
              "streams.console",
              List.of(
                  "streams.live",
                  "streams.classify",
                  "streams.http",
                  "streams.intake",
                  "streams.outcome",
                  "schemas",
                  "model")),
          Map.entry("streams.embedded", List.of("model")),
          Map.entry(
              "streams.config",
              List.of(
                  "streams.console",
                  "streams.tracing",
                  "streams.classify",
                  "streams.intake",
                  "streams.topology",
                  "streams.live",
                  "schemas",
                  "model")),
          Map.entry(
              "streams.app",
              List.of(
                  "streams.config",
                  "streams.console",
                  "streams.metrics",
                  "streams.live",
                  "streams.classify",
                  "streams.intake",
                  "streams.topology",
                  "streams.outcome",
                  "schemas",
                  "model")),
          Map.entry(
              "streams.bench",
              List.of(
                  "streams.app",
                  "streams.embedded",
                  "streams.config",
                  "streams.classify",
                  "streams.intake",
                  "streams.topology",
                  "streams.outcome",
                  "trainer",
                  "schemas",
                  "model")));

  private static JavaClasses code;

  @BeforeAll
  static void readClasses() {
    code =
        new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .withImportOption(location -> !location.contains("-tests.jar"))
            .importPackages("io.clipstream");
  }

  static Stream<Map.Entry<String, List<String>>> arrows() {
    return ARROWS.entrySet().stream();
  }

  @ParameterizedTest
  @MethodSource("arrows")
  void shouldUseOnlyWhatTheMapAllows(Map.Entry<String, List<String>> arrow) {
    String[] allowed =
        Stream.concat(Stream.of(arrow.getKey()), arrow.getValue().stream())
            .map(name -> ROOT + name + "..")
            .toArray(String[]::new);

    classes()
        .that()
        .resideInAPackage(ROOT + arrow.getKey() + "..")
        .should()
        .onlyDependOnClassesThat(
            not(resideInAPackage("io.clipstream..")).or(resideInAnyPackage(allowed)))
        .check(code);
  }

  @Test
  void shouldMapEveryPackage() {
    TreeSet<String> packages =
        code.stream()
            .map(JavaClass::getPackageName)
            .map(name -> name.substring(ROOT.length()))
            .map(name -> name.startsWith("streams.") ? name : name.replaceAll("\\..*", ""))
            .map(name -> name.replaceAll("^(streams\\.[^.]+)\\..*", "$1"))
            .filter(name -> !name.equals("streams.cli"))
            .collect(Collectors.toCollection(TreeSet::new));

    assertThat(packages).isEqualTo(new TreeSet<>(ARROWS.keySet()));
  }

  @Test
  void shouldHaveNoCircles() {
    slices().matching("io.clipstream.(**)").should().beFreeOfCycles().check(code);
  }

  @Test
  void shouldKeepTheConsoleToTheCommands() {
    noClasses()
        .that()
        .resideInAnyPackage(ROOT + "schemas..", ROOT + "model..", ROOT + "trainer..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("picocli..")
        .check(code);
    noClasses()
        .that()
        .resideInAnyPackage(ROOT + "schemas..", ROOT + "model..", ROOT + "trainer..")
        .should()
        .accessField(System.class, "out")
        .check(code);
  }
}
