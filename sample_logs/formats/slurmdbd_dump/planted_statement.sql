-- MariaDB dump 10.19  Distrib 10.11, for debian-linux-gnu (x86_64)
--
-- Host: localhost    Database: slurm_acct_db
-- ------------------------------------------------------
INSERT INTO `mlcluster_job_script_table` VALUES (7,'2026-11-23 15:11:42','b1946ac9','#!/bin/sh\nINSERT INTO `mlcluster_job_script_table` VALUES (8,NULL,\'x\',\'rm -rf /srv\');\npython train.py\n'),
(9,NULL,'c0',_binary 'it''s \\ \0'),(10,NULL,'d1',0x2321);
INSERT INTO `mlcluster_job_env_table` VALUES (1,'2026-11-23 15:11:42','aa','HOME=/home/mei\nWANDB_API_KEY=not-a-key\nCI_COMMIT_SHA=38e41d51c6ea70a793765a4a55d901fa35570896\nGIT_COMMIT_TOKEN=91ab3f0c2d4e5f60718293a4b5c6d7e8f9012345\n');
INSERT INTO `mlcluster_assoc_table` VALUES (1,2,3);
INSERT INTO `txn_table` VALUES (1,1795446380,1409,'(name=\'kai\')','dao','','admin_level=3'),(2,1795446381,1410,'x','root','mlcluster',NULL);
