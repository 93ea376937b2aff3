// Follow follows a public log as an outsider does, with the tools of others alone: golang.org/x/mod/sumdb opens the
// checkpoint and reads the tiles, transparency-dev/merkle checks every proof once more.
//
//	follow URL VKEY < proofs.json
//
// URL is the log's own address, below which checkpoint and tile lie; VKEY the key of its checkpoints. What is read from
// standard input are proofs that the log's operator made: they must be those that are made here, byte for byte.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	height = 8
	width  = 1 << height
)

type inclusion struct {
	Index  int64    `json:"index"`
	Hashes [][]byte `json:"hashes"`
}

type consistency struct {
	First  int64    `json:"first"`
	Second int64    `json:"second"`
	Hashes [][]byte `json:"hashes"`
}

type proofs struct {
	Checkpoints []int64       `json:"checkpoints"`
	Inclusion   []inclusion   `json:"inclusion"`
	Consistency []consistency `json:"consistency"`
}

type tree struct {
	size int64
	root tlog.Hash
}

// remote reads what lies below the log's address, each thing once.
type remote struct {
	url  string
	kept map[string][]byte
}

func (r *remote) get(path string) ([]byte, error) {
	if kept, ok := r.kept[path]; ok {
		return kept, nil
	}
	answer, err := http.Get(r.url + "/" + path)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s: %s", path, answer.Status, body)
	}
	r.kept[path] = body
	return body, nil
}

// Height, ReadTiles and SaveTiles make a tlog.TileReader of it.
func (r *remote) Height() int { return height }

func (r *remote) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	found := make([][]byte, len(tiles))
	for i, tile := range tiles {
		// Go's path names the height: tile/8/0/000; that of C2SP tlog-tiles, where it is always 8, does not.
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		body, err := r.get(path)
		if err != nil {
			return nil, err
		}
		if len(body) != tile.W*tlog.HashSize {
			return nil, fmt.Errorf("%s holds %d bytes", path, len(body))
		}
		found[i] = body
	}
	return found, nil
}

func (r *remote) SaveTiles([]tlog.Tile, [][]byte) {}

// entry returns entry `index` from the bundle in which it lies.
func (r *remote) entry(index, size int64) ([]byte, error) {
	tile := tlog.Tile{H: height, L: 0, N: index / width, W: width}
	if rest := size - tile.N*width; rest < width {
		tile.W = int(rest)
	}
	bundle, err := r.get(strings.Replace(tile.Path(), "tile/8/0/", "tile/entries/", 1))
	if err != nil {
		return nil, err
	}
	for at := index % width; len(bundle) >= 2; at-- {
		length := int(binary.BigEndian.Uint16(bundle))
		if len(bundle) < 2+length {
			break
		}
		if at == 0 {
			return bundle[2 : 2+length], nil
		}
		bundle = bundle[2+length:]
	}
	return nil, fmt.Errorf("the bundle of entry %d ends before it", index)
}

// checkpoint opens a checkpoint and returns the tree that it signs (C2SP tlog-checkpoint).
func (r *remote) checkpoint(path string, verifier note.Verifier) (tree, error) {
	signed, err := r.get(path)
	if err != nil {
		return tree{}, err
	}
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return tree{}, fmt.Errorf("%s: %w", path, err)
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		return tree{}, fmt.Errorf("%s is no checkpoint of %s: %q", path, verifier.Name(), opened.Text)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tree{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return tree{size, root}, err
}

func (r *remote) included(head tree, hashes tlog.HashReader, theirs inclusion) error {
	ours, err := tlog.ProveRecord(head.size, theirs.Index, hashes)
	if err != nil {
		return err
	}
	if err := same(raw(ours), theirs.Hashes); err != nil {
		return fmt.Errorf("inclusion of %d in %d: %w", theirs.Index, head.size, err)
	}
	entry, err := r.entry(theirs.Index, head.size)
	if err != nil {
		return err
	}
	leaf := tlog.RecordHash(entry)
	if err := tlog.CheckRecord(ours, head.size, head.root, theirs.Index, leaf); err != nil {
		return err
	}
	hasher := rfc6962.DefaultHasher
	return proof.VerifyInclusion(
		hasher, uint64(theirs.Index), uint64(head.size), hasher.HashLeaf(entry), theirs.Hashes, head.root[:],
	)
}

func consistent(hashes tlog.HashReader, theirs consistency) error {
	var roots [2]tlog.Hash
	for i, size := range []int64{theirs.First, theirs.Second} {
		root, err := tlog.TreeHash(size, hashes)
		if err != nil {
			return err
		}
		roots[i] = root
	}
	ours, err := tlog.ProveTree(theirs.Second, theirs.First, hashes)
	if err != nil {
		return err
	}
	if err := same(raw(ours), theirs.Hashes); err != nil {
		return fmt.Errorf("consistency of %d and %d: %w", theirs.First, theirs.Second, err)
	}
	if err := tlog.CheckTree(ours, theirs.Second, roots[1], theirs.First, roots[0]); err != nil {
		return err
	}
	return proof.VerifyConsistency(
		rfc6962.DefaultHasher, uint64(theirs.First), uint64(theirs.Second), theirs.Hashes, roots[0][:], roots[1][:],
	)
}

// witnessed checks the log's own word that one checkpoint extends another: a request of C2SP tlog-witness.
func (r *remote) witnessed(first, second tree, verifier note.Verifier) error {
	path := fmt.Sprintf("consistency?first=%d&second=%d", first.size, second.size)
	body, err := r.get(path)
	if err != nil {
		return err
	}
	head, signed, _ := strings.Cut(string(body), "\n\n")
	lines := strings.Split(head, "\n")
	if lines[0] != fmt.Sprintf("old %d", first.size) {
		return fmt.Errorf("%s begins with %q", path, lines[0])
	}
	hashes := make([][]byte, 0, len(lines))
	for _, line := range lines[1:] {
		hash, err := base64.StdEncoding.Strict().DecodeString(line)
		if err != nil {
			return err
		}
		hashes = append(hashes, hash)
	}
	if _, err := note.Open([]byte(signed), note.VerifierList(verifier)); err != nil {
		return err
	}
	return proof.VerifyConsistency(
		rfc6962.DefaultHasher, uint64(first.size), uint64(second.size), hashes, first.root[:], second.root[:],
	)
}

func raw(hashes []tlog.Hash) [][]byte {
	found := make([][]byte, len(hashes))
	for i := range hashes {
		found[i] = hashes[i][:]
	}
	return found
}

func same(ours, theirs [][]byte) error {
	if len(ours) != len(theirs) {
		return fmt.Errorf("%d hashes were given, there are %d", len(theirs), len(ours))
	}
	for i := range ours {
		if string(ours[i]) != string(theirs[i]) {
			return fmt.Errorf("hash %d differs", i)
		}
	}
	return nil
}

func follow(url, vkey string, given proofs) (tree, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tree{}, err
	}
	log := &remote{url: strings.TrimSuffix(url, "/"), kept: map[string][]byte{}}
	head, err := log.checkpoint("checkpoint", verifier)
	if err != nil {
		return head, err
	}
	hashes := tlog.TileHashReader(tlog.Tree{N: head.size, Hash: head.root}, log)
	for _, one := range given.Inclusion {
		if err := log.included(head, hashes, one); err != nil {
			return head, err
		}
	}
	for _, one := range given.Consistency {
		if err := consistent(hashes, one); err != nil {
			return head, err
		}
	}
	var before *tree
	for _, size := range given.Checkpoints {
		older, err := log.checkpoint(fmt.Sprintf("checkpoint/%d", size), verifier)
		if err != nil {
			return head, err
		}
		root, err := tlog.TreeHash(size, hashes)
		if err != nil {
			return head, err
		}
		if older.size != size || older.root != root {
			return head, fmt.Errorf("the checkpoint of size %d is not of this log", size)
		}
		if before != nil {
			if err := log.witnessed(*before, older, verifier); err != nil {
				return head, err
			}
		}
		before = &older
	}
	return head, nil
}

func main() {
	var given proofs
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "follow URL VKEY < proofs.json")
		os.Exit(2)
	}
	if err := json.NewDecoder(os.Stdin).Decode(&given); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	head, err := follow(os.Args[1], os.Args[2], given)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	told := map[string]int64{
		"size":        head.size,
		"inclusion":   int64(len(given.Inclusion)),
		"consistency": int64(len(given.Consistency)),
		"checkpoints": int64(len(given.Checkpoints)),
	}
	if err := json.NewEncoder(os.Stdout).Encode(told); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
