// Package nocore turns core dumps off for a process that holds secrets. Nothing else of the process may enter.
package nocore
