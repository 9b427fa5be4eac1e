package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"net/http"
	"time"
)

//go:embed static
var static embed.FS

// asset is a file that pages refer to.
type asset struct {
	body []byte
	// version is part of the address that pages use, so that browsers may keep
	// the file for ever and still see a new one.
	version string
}

// assets are the files of the folder static, by name.
type assets map[string]asset

// loadAssets reads the embedded files. It panics if the program was built
// without them.
func loadAssets() assets {
	entries, err := static.ReadDir("static")
	if err != nil {
		panic(fmt.Errorf("list the embedded assets: %w", err))
	}
	files := assets{}
	for _, entry := range entries {
		body, err := static.ReadFile("static/" + entry.Name())
		if err != nil {
			panic(fmt.Errorf("read the embedded asset %s: %w", entry.Name(), err))
		}
		sum := sha256.Sum256(body)
		files[entry.Name()] = asset{body: body, version: hex.EncodeToString(sum[:6])}
	}
	return files
}

// address returns the path of an asset, for templates.
func (a assets) address(name string) (string, error) {
	file, ok := a[name]
	if !ok {
		return "", fmt.Errorf("there is no asset %q", name)
	}
	return "/static/" + name + "?v=" + file.version, nil
}

func (s *server) serveAsset(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	file, ok := s.assets[name]
	if !ok {
		s.fail(w, r, errNotFound)
		return
	}
	if r.URL.Query().Get("v") == file.version {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(file.body))
}
