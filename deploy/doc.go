// Package deploy holds what docker-compose.yml needs beside the images, and the
// tests of all of it. They need no engine: they load the file as Docker Compose
// does, run the commands of its services as processes against a real MySQL that
// is set up as the file says, and compare the dashboard with what the stages
// expose.
package deploy
