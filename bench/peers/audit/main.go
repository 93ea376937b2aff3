// Audit reads a log that lies in a folder as C2SP tlog-tiles has it, hashes every entry by golang.org/x/mod/sumdb/tlog, and
// compares the root that its checkpoint signs and every tile with what follows from the entries.
//
//	audit FOLDER VKEY
package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	height = 8
	width  = 1 << height
)

// stored are the hashes of the whole tree, by the numbers that tlog gives them.
type stored []tlog.Hash

func (s stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		found[i] = s[index]
	}
	return found, nil
}

func audit(folder, vkey string) error {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return err
	}
	signed, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	if err != nil {
		return err
	}
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return err
	}
	lines := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return err
	}
	hashes := make(stored, 0, 2*size)
	for first := int64(0); first < size; first += width {
		tile := tlog.Tile{H: height, L: 0, N: first / width, W: int(min(width, size-first))}
		bundle, err := os.ReadFile(filepath.Join(folder, strings.Replace(tile.Path(), "tile/8/0/", "tile/entries/", 1)))
		if err != nil {
			return err
		}
		for at := first; len(bundle) > 0; at++ {
			length := int(binary.BigEndian.Uint16(bundle))
			made, err := tlog.StoredHashes(at, bundle[2:2+length], hashes)
			if err != nil {
				return err
			}
			hashes = append(hashes, made...)
			bundle = bundle[2+length:]
		}
	}
	root, err := tlog.TreeHash(size, hashes)
	if err != nil {
		return err
	}
	if root.String() != lines[2] {
		return fmt.Errorf("the root of the entries is %s, signed is %s", root, lines[2])
	}
	for _, tile := range tlog.NewTiles(height, 0, size) {
		made, err := tlog.ReadTileData(tile, hashes)
		if err != nil {
			return err
		}
		served, err := os.ReadFile(filepath.Join(folder, strings.Replace(tile.Path(), "tile/8/", "tile/", 1)))
		if err != nil {
			return err
		}
		if !bytes.Equal(made, served) {
			return fmt.Errorf("%s does not follow from the entries", tile.Path())
		}
	}
	return nil
}

func main() {
	if err := audit(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
