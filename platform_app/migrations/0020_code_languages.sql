-- Which language the code of a text is in. Of older texts only that there is code: their next edit tells which.
ALTER TABLE community.posts ADD COLUMN code_language text CHECK (code_language IN (
    'bash', 'c', 'cpp', 'csharp', 'css', 'dart', 'diff', 'docker', 'elixir', 'go', 'haskell', 'html', 'ini',
    'java', 'javascript', 'json', 'julia', 'kotlin', 'lua', 'make', 'markdown', 'matlab', 'perl', 'php',
    'powershell', 'python', 'r', 'ruby', 'rust', 'scala', 'sql', 'swift', 'toml', 'typescript', 'xml', 'yaml',
    'other'));
ALTER TABLE community.approaches ADD COLUMN code_language text CHECK (code_language IN (
    'bash', 'c', 'cpp', 'csharp', 'css', 'dart', 'diff', 'docker', 'elixir', 'go', 'haskell', 'html', 'ini',
    'java', 'javascript', 'json', 'julia', 'kotlin', 'lua', 'make', 'markdown', 'matlab', 'perl', 'php',
    'powershell', 'python', 'r', 'ruby', 'rust', 'scala', 'sql', 'swift', 'toml', 'typescript', 'xml', 'yaml',
    'other'));

UPDATE community.posts SET code_language = 'other' WHERE body ~ '(^|\n) {0,3}```';
UPDATE community.approaches SET code_language = 'other' WHERE body ~ '(^|\n) {0,3}```';
