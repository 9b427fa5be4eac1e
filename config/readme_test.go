package config_test

import (
	"os"
	"strings"
	"testing"

	"telltale/config"
)

// TestReadme loads the file that the README tells people to write.
func TestReadme(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, ok := strings.Cut(string(text), "```yaml\nsource:\n")
	if !ok {
		t.Fatal("the README holds no configuration file")
	}
	example, _, _ = strings.Cut(example, "```")
	file := write(t, t.TempDir()+"/telltale.yaml", "source:\n"+example)
	stages := []config.Stage{config.StageBinlog, config.StageTranslator, config.StageConsumers}
	if _, err := config.Load(config.Options{File: file, Stages: stages}); err != nil {
		t.Errorf("%s\n%v", example, err)
	}
}
